;; Without interests the descriptor is ready once the call has ended for its client.
;;> open a /golden.Test/Call
;;< headers a
;;> cancel a
;;< log 2 "ready"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait_fd" (func $wait_fd (param i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "ready")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $headers_send (local.get $call)))
    (i32.store8 offset=8 (i32.const 20000) (i32.const 1))
    (i32.store offset=16 (i32.const 20000) (call $wait_fd (local.get $call) (i32.const 0)))
    (if (call $poll_oneoff (i32.const 20000) (i32.const 21000) (i32.const 1) (i32.const 22000)) (then unreachable))
    (call $log (i32.const 2) (i32.const 64) (i32.const 5))
    (i32.const 0)))
