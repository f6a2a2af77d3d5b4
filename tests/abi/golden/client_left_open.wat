;; What is not closed when wasm_grpc_call returns ends with it.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< status a 0
;;< log 2 "told"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "wait_any" (func $client_wait_any (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 32) "/golden.Test/Other")
  (data (i32.const 64) "self")
  (data (i32.const 128) "told")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 3) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (drop (call $headers_send (local.get $call)))
    (if (i32.eq (call $wait (local.get $call) (i32.const 0) (i64.const -1)) (i32.const -3)) (then
      (call $log (i32.const 2) (i32.const 128) (i32.const 4))))
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (local.set $made (call $open_other (i32.const 3) (i64.const -1) (i32.const 0)))
    (i32.store (i32.const 20000) (local.get $made))
    (i32.store (i32.const 20004) (i32.const 4))
    (drop (call $client_wait_any (i32.const 20000) (i32.const 1) (i64.const -1)))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
