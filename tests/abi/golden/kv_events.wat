;; What is begun with the store in event style: each is told of, and taken once.
;;> open a /golden.Test/Call
;;> send a ""
;;> end a
;;< numbers a 1 0 8 -4 -5 1 1 8 1 -5 1 0 13 1 -5 1 3 35 0 -5 1 4 37 0 -5 1 7 29 1 -5 1 5 16 0 -5 1 6 16 0 -5 1 2 8 -4 -5 -6 -6 -5 -5
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
  (data (i32.const 64) "key")
  (data (i32.const 100) "\03\00\00\00\05\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffkeyhello")
  (data (i32.const 200) "\0a\00\00\00\01\00\00\00k")
  (data (i32.const 220) "\03\00\00\00key\01\00\00\00z")
  (data (i32.const 300) "\03\00\00\00\02\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffkey22")
  (data (i32.const 340) "\03\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ffkey")
  (data (i32.const 400) "\03\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\00key")
  (data (i32.const 800) "\00\00\00\00\40\00\00\00\03\00\00\00\01\00\00\00\64\00\00\00\20\00\00\00\00\00\00\00\40\00\00\00\03\00\00\00\03\00\00\00\c8\00\00\00\09\00\00\00\04\00\00\00\dc\00\00\00\0c\00\00\00\07\00\00\00\2c\01\00\00\1d\00\00\00\05\00\00\00\54\01\00\00\1b\00\00\00\06\00\00\00\90\01\00\00\1b\00\00\00\02\00\00\00\54\01\00\00\1b\00\00\00")
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
  ;; Begins the next of the actions, each once, whose requests are in a table of places and lengths.
  (global $next (mut i32) (i32.const 0))
  (global $call (mut i32) (i32.const 0))
  (func $begin_next (local $row i32)
    (local.set $row (i32.add (i32.const 800) (i32.mul (global.get $next) (i32.const 12))))
    (call $note (i32.gt_s (call $kv_begin (i32.load (local.get $row)) (i32.load offset=4 (local.get $row))
      (i32.load offset=8 (local.get $row))) (i32.const 0)))
    (global.set $next (i32.add (global.get $next) (i32.const 1))))
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $number i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (global.set $call (local.get $number))
      (call $begin_next)))
    (if (i32.ne (local.get $event) (i32.const 9)) (then (return)))
    (call $note (local.get $value))
    (call $note (call $kv_take (local.get $number) (i32.const 2000) (i32.const 1000)))
    (call $note_version (i64.load (i32.const 2000)))
    (call $note (call $kv_take (local.get $number) (i32.const 2000) (i32.const 1000)))
    (if (i32.lt_u (global.get $next) (i32.const 9)) (then (call $begin_next) (return)))
    (call $note (call $kv_begin (i32.const 1000) (i32.const 64) (i32.const 3)))
    (call $note (call $kv_begin (i32.const 0) (i32.const 64) (i32.const 0)))
    (call $note (call $kv_close (local.get $number)))
    (call $note (call $kv_take (i32.const 1000000) (i32.const 2000) (i32.const 1000)))
    (call $report (global.get $call))
    (drop (call $finish (global.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
