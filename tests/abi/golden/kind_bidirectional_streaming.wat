;; A bidirectional method in handler style: answers each message as it comes.
;;> open a /golden.Test/Call
;;> send a "one"
;;< message a "one"
;;> send a "two"
;;> send a "three"
;;< message a "two"
;;< message a "three"
;;> end a
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (local $size i32)
    (loop $next
      (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
      (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (if (i32.ge_s (local.get $size) (i32.const 0)) (then
        (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
        (br $next))))
    (i32.const 0)))
