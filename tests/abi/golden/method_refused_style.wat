;; A style that means nothing: INVALID. The module does not load.
;;< no-load
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (if (i32.ne (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 1000) (i32.const 0)) (i32.const -6)) (then (loop $for_ever (br $for_ever)))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0)))
