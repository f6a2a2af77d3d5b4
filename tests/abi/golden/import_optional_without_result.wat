;; A function without an integer as its result cannot be optional. The module does not load.
;;< no-load
(module
  (import "wasm_grpc_1_optional" "is_not_in_the_abi" (func (param i32)))
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (i32.const 0)))
