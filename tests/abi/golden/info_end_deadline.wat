;; Info 6 is "deadline" when that has passed.
;;> open a /golden.Test/Call grpc-timeout 50m
;;< status a 4 "the deadline passed before the call was answered"
;;< log 2 "deadline"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (call $log (i32.const 2) (i32.const 1024) (call $info (local.get $call) (i32.const 6) (i32.const 1024) (i32.const 100)))
    (i32.const 0)))
