;; Limits, of 8 bytes each, where there are any: of request messages, response messages, metadata (at least 16 KiB), memory
;; and CPU time. There is none for the time of an event in handler style.
;;> open a /golden.Test/Call
;;< numbers a 8 8 8 1 8 8 8 -4
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
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
  (func $ask (param $call i32) (param $what i32)
    (call $note (call $info (local.get $call) (local.get $what) (i32.const 1024) (i32.const 100))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $ask (local.get $call) (i32.const 32))
    (call $ask (local.get $call) (i32.const 33))
    (call $ask (local.get $call) (i32.const 34))
    (call $note (i64.ge_u (i64.load (i32.const 1024)) (i64.const 16384)))
    (call $ask (local.get $call) (i32.const 35))
    (call $ask (local.get $call) (i32.const 36))
    ;; The length is told also where it does not fit.
    (call $note (call $info (local.get $call) (i32.const 35) (i32.const 1024) (i32.const 7)))
    (call $ask (local.get $call) (i32.const 37))
    (call $report (local.get $call))
    (i32.const 0)))
