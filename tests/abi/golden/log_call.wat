;; Lines about a call, with pairs of a key and a value; pairs that are not as they should be are INVALID.
;;> open a /golden.Test/Call
;;< numbers a 0 0 -6 -6 -5
;;< status a 0
;;< log-begins 2 "line method=/golden.Test/Call peer=127.0.0.1:"
;;< log-begins 3 "line method=/golden.Test/Call peer=127.0.0.1:"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log_call" (func $log_call (param i32 i32 i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 64) "line")
  (data (i32.const 128) "\03\00\00\00\02\00\00\00keyab\01\00\00\00\01\00\00\00kv")
  (data (i32.const 192) "\03\00\00\00\02\00\00\00Keyab")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $log_call (local.get $call) (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 0) (i32.const 0)))
    (call $note (call $log_call (local.get $call) (i32.const 3) (i32.const 64) (i32.const 4) (i32.const 128) (i32.const 23)))
    (call $note (call $log_call (local.get $call) (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 128) (i32.const 22)))
    (call $note (call $log_call (local.get $call) (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 192) (i32.const 13)))
    (call $note (call $log_call (i32.add (local.get $call) (i32.const 1000)) (i32.const 2) (i32.const 64) (i32.const 4) (i32.const 0) (i32.const 0)))
    (call $report (local.get $call))
    (i32.const 0)))
