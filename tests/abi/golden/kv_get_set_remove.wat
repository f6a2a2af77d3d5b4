;; A pair that is set, read, set and removed under its version. It is read into what has room for it only.
;;> open a /golden.Test/Call
;;> send a ""
;;> end a
;;< numbers a -4 1 5 1 104 5 0 -8 1 -6 -6 -8 0 -4 -6
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "get" (func $kv_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "set" (func $kv_set (param i32 i32 i32 i32 i64 i64) (result i64)))
  (import "wasm_grpc_kv_1" "remove" (func $kv_remove (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "key")
  (data (i32.const 80) "hello")
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
  ;; Sets a key of $key_len bytes at $key to a value, for ever, where $version is its version.
  (func $set (param $key i32) (param $key_len i32) (param $value i32) (param $value_len i32) (param $version i64) (result i64)
    (call $kv_set (local.get $key) (local.get $key_len) (local.get $value) (local.get $value_len) (i64.const -1)
      (local.get $version)))
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $kv_get (i32.const 64) (i32.const 3) (i32.const 1000) (i32.const 100) (i32.const 2000)))
    (call $note_version (call $set (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5) (i64.const -1)))
    (call $note (call $kv_get (i32.const 64) (i32.const 3) (i32.const 1000) (i32.const 100) (i32.const 2000)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note (i32.load8_u (i32.const 1000)))
    (call $note (call $kv_get (i32.const 64) (i32.const 3) (i32.const 1100) (i32.const 4) (i32.const 2008)))
    (call $note (i32.load8_u (i32.const 1100)))
    (call $note_version (call $set (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5) (i64.const 0)))
    (call $note_version (call $set (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5) (i64.load (i32.const 2000))))
    (call $note_version (call $kv_set (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5) (i64.const 0) (i64.const -1)))
    (call $note_version (call $set (i32.const 64) (i32.const 0) (i32.const 80) (i32.const 5) (i64.const -1)))
    (call $note (call $kv_remove (i32.const 64) (i32.const 3) (i64.const 0)))
    (call $note (call $kv_remove (i32.const 64) (i32.const 3) (i64.const -1)))
    (call $note (call $kv_remove (i32.const 64) (i32.const 3) (i64.const -1)))
    (call $note (call $kv_remove (i32.const 64) (i32.const 0) (i64.const -1)))
    (call $report (local.get $call))
    (i32.const 0)))
