;; A bidirectional method in event style answers each message; HALF_CLOSE comes after the last.
;;> open a /golden.Test/Call
;;> send a "one"
;;< message a "one"
;;> send a "two"
;;> send a "three"
;;> end a
;;< message a "two"
;;< message a "three"
;;< message a "the end"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "the end")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (local $size i32)
    (if (i32.eq (local.get $event) (i32.const 1)) (then
      (loop $next
        (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
        (if (i32.ge_s (local.get $size) (i32.const 0)) (then
          (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
          (br $next))))))
    (if (i32.eq (local.get $event) (i32.const 2)) (then
      (drop (call $send (local.get $call) (i32.const 64) (i32.const 7)))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))
