;; A range that is not inside the memory. The guest traps and the call ends with INTERNAL; the next one is served.
;;> open a /golden.Test/Call x-trap yes
;;> send a "hello"
;;< status a 13
;;> open b /golden.Test/Call
;;> end b
;;< status b 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "x-trap")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (i32.ge_s (call $metadata_get (local.get $call) (i32.const 64) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)) (then
      (drop (call $recv (local.get $call) (i32.const 65532) (i32.const 5)))))
    (i32.const 0)))
