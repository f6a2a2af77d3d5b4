;; A watch is told of a key that is set; it stays until it is closed.
;;> open a /golden.Test/Call
;;> send a ""
;;> end a
;;< numbers a 1 -2 1 15 0 3 107 -2 0 -5
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "begin" (func $kv_begin (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "take" (func $kv_take (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "close" (func $kv_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 100) "\03\00\00\00\05\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffkeyhello")
  (data (i32.const 200) "\01\00\00\00k")
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
  (global $call (mut i32) (i32.const 0))
  (global $watch (mut i32) (i32.const 0))
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $number i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (global.set $call (local.get $number))
      (global.set $watch (call $kv_begin (i32.const 8) (i32.const 200) (i32.const 5)))
      (call $note (i32.gt_s (global.get $watch) (i32.const 0)))
      (call $note (call $kv_take (global.get $watch) (i32.const 2000) (i32.const 1000)))
      (call $note (i32.gt_s (call $kv_begin (i32.const 1) (i32.const 100) (i32.const 32)) (i32.const 0)))))
    (if (i32.or (i32.ne (local.get $event) (i32.const 9)) (i32.ne (local.get $value) (i32.const 8))) (then (return)))
    (call $note (call $kv_take (local.get $number) (i32.const 2000) (i32.const 1000)))
    (call $note (i32.wrap_i64 (i64.load (i32.const 2000))))
    (call $note (i32.load (i32.const 2008)))
    (call $note (i32.load8_u (i32.const 2012)))
    (call $note (call $kv_take (local.get $number) (i32.const 2000) (i32.const 1000)))
    (call $note (call $kv_close (local.get $number)))
    (call $note (call $kv_close (local.get $number)))
    (call $report (global.get $call))
    (drop (call $finish (global.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
