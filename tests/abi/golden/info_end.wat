;; Why a call has ended for its client is info 6: ABSENT before, "client" when it has cancelled.
;;> open a /golden.Test/Call
;;< numbers a -4
;;> cancel a
;;< log 2 "client"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
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
    (call $note (call $info (local.get $call) (i32.const 6) (i32.const 1024) (i32.const 100)))
    (call $report (local.get $call))
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (call $log (i32.const 2) (i32.const 1024) (call $info (local.get $call) (i32.const 6) (i32.const 1024) (i32.const 100)))
    (i32.const 0)))
