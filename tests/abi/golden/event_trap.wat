;; A guest that traps loses its calls: UNAVAILABLE. The next one meets a new instance.
;;> open a /golden.Test/Call
;;< numbers a 1
;;> open b /golden.Test/Call
;;< numbers b 2
;;> send b "trap"
;;< status a 14
;;< status b 14
;;> open c /golden.Test/Call
;;< numbers c 1
(module
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
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (call $note (global.get $calls))
      (call $report (local.get $call))))
    (if (i32.eq (local.get $event) (i32.const 1)) (then unreachable)))
  (global $calls (mut i32) (i32.const 0)))
