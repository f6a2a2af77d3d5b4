;; Nanoseconds that are left; 2^63-1 when the client has set no deadline; -5 for no call.
;;> open a /golden.Test/Call
;;< message a "\ff\ff\ff\ff\ff\ff\ff\7f\fb\ff\ff\ff\ff\ff\ff\ff"
;;< numbers a 1 0
;;< status a 0
;;> open b /golden.Test/Call grpc-timeout 1H
;;< log 2 "an hour"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
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
  (data (i32.const 64) "an hour")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (i64.store (i32.const 1024) (call $deadline (local.get $call)))
    (i64.store (i32.const 1032) (call $deadline (i32.const -1)))
    (if (i64.le_s (i64.load (i32.const 1024)) (i64.const 3600000000000)) (then
      (if (i64.gt_s (i64.load (i32.const 1024)) (i64.const 3000000000000)) (then (call $log (i32.const 2) (i32.const 64) (i32.const 7))))))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 16)))
    (call $note (i64.gt_s (i64.load (i32.const 1024)) (i64.const 0)))
    (call $note (i64.lt_s (i64.load (i32.const 1024)) (i64.const 0)))
    (call $report (local.get $call))
    (i32.const 0)))
