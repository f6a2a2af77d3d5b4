;; A function that no host has, imported as optional, answers UNSUPPORTED.
;;> open a /golden.Test/Call
;;< numbers a -7 -7
;;< status a 0
(module
  (import "wasm_grpc_1_optional" "is_not_in_the_abi" (func $narrow (param i32 i64 f64) (result i32)))
  (import "wasm_grpc_1_optional" "is_not_in_the_abi_either" (func $wide (result i64)))
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  ;; Notes an answer, to be reported.
  (global $at (mut i32) (i32.const 4096))
  (func $note (param i32)
    (i32.store (global.get $at) (local.get 0))
    (global.set $at (i32.add (global.get $at) (i32.const 4))))
  ;; Sends what was noted as one message.
  (func $report (param $call i32)
    (drop (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
    (global.set $at (i32.const 4096)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $narrow (local.get $call) (i64.const 1) (f64.const 2)))
    (call $note (i32.wrap_i64 (call $wide)))
    (call $report (local.get $call))
    (i32.const 0)))
