;; The custom section describes another method. The module does not load.
;;< no-load
(module
  (@custom "wasm_grpc.descriptors" "\0aJ\0a\0cgolden.proto\12\06golden\22\03\0a\01M2%\0a\04Test\12\1d\0a\05Other\12\09.golden.M\1a\09.golden.Mb\06proto3")
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $send (local.get $call) (i32.const 1024) (call $recv (local.get $call) (i32.const 1024) (i32.const 100))))
    (i32.const 0)))
