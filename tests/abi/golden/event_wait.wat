;; Nothing waits in an event: wait only looks, and is INVALID where it would have to suspend.
;;> open a /golden.Test/Call
;;< numbers a 0 2 2 -6 -6 -6
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
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
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (call $note (call $wait (local.get $call) (i32.const 1) (i64.const 0)))
      (call $note (call $wait (local.get $call) (i32.const 3) (i64.const 0)))
      (call $note (call $wait (local.get $call) (i32.const 2) (i64.const -1)))
      (call $note (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
      (call $note (call $wait (local.get $call) (i32.const 0) (i64.const 1000000)))
      (call $note (call $wait (local.get $call) (i32.const 0x40000000) (i64.const 0)))
      (call $report (local.get $call))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))
