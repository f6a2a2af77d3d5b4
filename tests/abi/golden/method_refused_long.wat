;; A path has 1024 bytes at most: INVALID. The module does not load.
;;< no-load
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0)))
    (memory.fill (i32.const 1024) (i32.const 97) (i32.const 2000))
    (i32.store8 (i32.const 1024) (i32.const 47))
    (i32.store8 (i32.const 1030) (i32.const 47))
    (if (i32.ne (call $method (i32.const 1024) (i32.const 1025) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const -6)) (then (loop $for_ever (br $for_ever)))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0)))
