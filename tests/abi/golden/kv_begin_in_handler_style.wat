;; Nothing is begun in handler style.
;;> open a /golden.Test/Call
;;> send a ""
;;> end a
;;< numbers a -6 -5 -5
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "begin" (func $kv_begin (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "take" (func $kv_take (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "close" (func $kv_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "key")
  ;; Notes an answer, to be reported.
  (global $at (mut i32) (i32.const 4096))
  (func $note (param i32)
    (i32.store (global.get $at) (local.get 0))
    (global.set $at (i32.add (global.get $at) (i32.const 4))))
  ;; Notes 1 for a version, another number as it is.
  (func $note_version (param i64)
    (if (i64.gt_s (local.get 0) (i64.const 0)) (then (call $note (i32.const 1)))
      (else (call $note (i32.wrap_i64 (local.get 0))))))
  ;; Sends what was noted as one message.
  (func $report (param $call i32)
    (drop (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
    (global.set $at (i32.const 4096)))
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $kv_begin (i32.const 0) (i32.const 64) (i32.const 3)))
    (call $note (call $kv_take (i32.const 1) (i32.const 1000) (i32.const 100)))
    (call $note (call $kv_close (i32.const 1)))
    (call $report (local.get $call))
    (i32.const 0)))
