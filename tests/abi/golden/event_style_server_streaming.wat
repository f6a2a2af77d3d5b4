;; A server-streaming method in event style has its message at OPEN.
;;> open a /golden.Test/Call
;;> send a "hello"
;;> end a
;;< message a "hello"
;;< message a ""
;;< status a 9 "enough"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "enough")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 2) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (local.get $event) (then unreachable))
    (drop (call $send (local.get $call) (i32.const 1024) (call $recv (local.get $call) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 0)))
    (drop (call $finish (local.get $call) (i32.const 9) (i32.const 64) (i32.const 6)))))
