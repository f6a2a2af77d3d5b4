;; ALARM (6) of no call (0) comes after the time, whether there are calls or not; a later alarm takes the place of the one
;; before, a negative one takes it back.
;;> open a /golden.Test/Call
;;< numbers a 0 0 0 0 6 0 1
;;< status a 0
;;< log 2 "without a call"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "alarm" (func $alarm (param i64) (result i32)))
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
  (data (i32.const 64) "without a call")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (global $call (mut i32) (i32.const 0))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (global.set $call (local.get $call))
      (call $note (call $alarm (i64.const 1)))
      (call $note (call $alarm (i64.const -1)))
      (call $note (call $alarm (i64.const 20000000)))))
    (if (i32.eq (local.get $event) (i32.const 6)) (then
      (if (global.get $call) (then
        (call $note (local.get $call))
        (call $note (local.get $event))
        (call $note (local.get $value))
        (call $note (i32.eqz (call $alarm (i64.const 20000000))))
        (call $report (global.get $call))
        (drop (call $finish (global.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
        (global.set $call (i32.const 0)))
      (else
        (call $log (i32.const 2) (i32.const 64) (i32.const 14))))))))
