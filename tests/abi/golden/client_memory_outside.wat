;; A range that is not inside the memory. The guest traps and the call ends with INTERNAL; the next one is served.
;;> target self module:golden
;;> open a /golden.Test/Call x-trap yes
;;> end a
;;< status a 13
;;> open b /golden.Test/Call
;;> end b
;;< status b 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 32) "/golden.Test/Other")
  (data (i32.const 64) "self")
  (data (i32.const 128) "x-trap")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (local.set $n (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (drop (call $send (local.get $call) (i32.const 1024) (local.get $n)))
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (local.set $made (call $open_other (i32.const 0) (i64.const -1) (local.get $call)))
    (if (i32.ge_s (call $metadata_get (local.get $call) (i32.const 128) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)) (then
      (drop (call $client_send (local.get $made) (i32.const 65532) (i32.const 5) (i32.const 1)))))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
