;; ENDING (7) of no call (0) comes before an instance is given up, for a guest that has asked for it: here as the server
;; stops. Calls cannot be asked for any more.
;;> open a /golden.Test/Call
;;< numbers a 0 -6
;;< status a 0
;;> stop
;;< log 2 "ending"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "ending" (func $ending (param i32) (result i32)))
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
  (data (i32.const 64) "ending")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (call $note (call $ending (i32.const 1)))
      (call $note (call $ending (i32.const 1000)))
      (call $report (local.get $call))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (if (i32.and (i32.eq (local.get $event) (i32.const 7)) (i32.eqz (i32.or (local.get $call) (local.get $value)))) (then
      (call $log (i32.const 2) (i32.const 64) (i32.const 6))))))
