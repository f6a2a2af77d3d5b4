;; A module that needs a target which it was not granted does not load.
;;> target self module:golden
;;< no-load
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "require" (func $client_require (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 32) "/golden.Test/Other")
  (data (i32.const 64) "self")
  (data (i32.const 128) "nowhere")
  (func (export "wasm_grpc_start")
    (if (i32.ne (call $client_require (i32.const 128) (i32.const 7)) (i32.const -4)) (then unreachable))
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
