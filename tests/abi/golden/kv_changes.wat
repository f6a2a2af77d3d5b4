;; Several changes, each for itself, and together: all or none. Of those together that are not made each that is to blame is
;; CONFLICT, and others that are not are 0.
;;> open a /golden.Test/Call
;;> send a ""
;;> end a
;;< numbers a 0 1 1 -4 0 1 -8 -8 0 -8 1 0 0 0 -4 -6 -6 -6 -4
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "get" (func $kv_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "change_each" (func $kv_change_each (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_kv_1" "change_all" (func $kv_change_all (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 60) "a")
  (data (i32.const 100) "\01\00\00\00\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffa1\01\00\00\00\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\00b2\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffc")
  (data (i32.const 300) "\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffa\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffb")
  (data (i32.const 400) "\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffa\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffa")
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
    (call $note (call $kv_change_each (i32.const 100) (i32.const 77) (i32.const 2000) (i32.const 24)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note_version (i64.load (i32.const 2008)))
    (call $note_version (i64.load (i32.const 2016)))
    (call $note (call $kv_change_each (i32.const 100) (i32.const 77) (i32.const 2000) (i32.const 1000)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note_version (i64.load (i32.const 2008)))
    (call $note (call $kv_change_all (i32.const 100) (i32.const 77) (i32.const 2000) (i32.const 24)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note_version (i64.load (i32.const 2008)))
    (call $note (call $kv_get (i32.const 60) (i32.const 1) (i32.const 1000) (i32.const 100) (i32.const 1200)))
    (call $note (call $kv_change_all (i32.const 300) (i32.const 50) (i32.const 2000) (i32.const 16)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note_version (i64.load (i32.const 2008)))
    (call $note (call $kv_get (i32.const 60) (i32.const 1) (i32.const 1000) (i32.const 100) (i32.const 1200)))
    (call $note (call $kv_change_all (i32.const 400) (i32.const 50) (i32.const 2000) (i32.const 16)))
    (call $note (call $kv_change_each (i32.const 100) (i32.const 77) (i32.const 2000) (i32.const 23)))
    (call $note (call $kv_change_each (i32.const 100) (i32.const 0) (i32.const 2000) (i32.const 24)))
    (call $note (call $kv_get (i32.const 60) (i32.const 1) (i32.const 1000) (i32.const 100) (i32.const 1200)))
    (call $report (local.get $call))
    (i32.const 0)))
