;; The method declared is not in the service described. The module does not load.
;;< no-load
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "descriptors" (func $descriptors (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "\0aJ\0a\0cgolden.proto\12\06golden\22\03\0a\01M2%\0a\04Test\12\1d\0a\05Other\12\09.golden.M\1a\09.golden.Mb\06proto3")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $descriptors (i32.const 64) (i32.const 76))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0)))
