;; A method of kind HTTP in event style: echoes the body, and ends after its end.
;;> request a POST /golden
;;> send-raw a "one"
;;> send-raw a " two"
;;> end a
;;< header a :status 200
;;< body a "one two, the end"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden")
  (data (i32.const 64) ", the end")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 7) (i32.const 4) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (local $size i32)
    (if (i32.eq (local.get $event) (i32.const 1)) (then
      (loop $next
        (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 16384)))
        (if (i32.ge_s (local.get $size) (i32.const 0)) (then
          (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
          (br $next))))))
    (if (i32.eq (local.get $event) (i32.const 2)) (then
      (drop (call $send (local.get $call) (i32.const 64) (i32.const 9)))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))
