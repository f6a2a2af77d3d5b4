;; The method declared is described with another kind. The module does not load.
;;< no-load
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "descriptors" (func $descriptors (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "\0aK\0a\0cgolden.proto\12\06golden\22\03\0a\01M2&\0a\04Test\12\1e\0a\04Call\12\09.golden.M\1a\09.golden.M(\01b\06proto3")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $descriptors (i32.const 64) (i32.const 77))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0)))
