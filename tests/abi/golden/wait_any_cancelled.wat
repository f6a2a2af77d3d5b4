;; CANCELLED for the call when its client cancels, whatever the interests.
;;> open a /golden.Test/Call
;;< headers a
;;> cancel a
;;< log 2 "1 -3"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait_any" (func $wait_any (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "0 -0")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $headers_send (local.get $call)))
    (i32.store (i32.const 1024) (local.get $call))
    (i32.store8 (i32.const 64) (i32.add (i32.const 48) (call $wait_any (i32.const 1024) (i32.const 1) (i64.const -1))))
    (i32.store8 (i32.const 67) (i32.sub (i32.const 48) (i32.load (i32.const 1032))))
    (call $log (i32.const 2) (i32.const 64) (i32.const 4))
    (i32.const 0)))
