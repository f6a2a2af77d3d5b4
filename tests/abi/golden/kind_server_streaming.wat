;; A server-streaming method in handler style: takes the one message, sends some.
;;> open a /golden.Test/Call
;;> send a "hello"
;;> end a
;;< message a "hello"
;;< message a ""
;;< message a "he"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 2) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $send (local.get $call) (i32.const 1024) (call $recv (local.get $call) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 0)))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 2)))
    (i32.const 0)))
