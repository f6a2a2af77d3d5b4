;; Waits for several calls at once: what wait would answer is written into each entry, and how many hold is answered. A
;; number that is no live call's is CLOSED, unknown bits are INVALID; from 1 to 1024 entries.
;;> open a /golden.Test/Call
;;< numbers a 3 0 2 -5 -6 0 0 0 -6 -6
;;> send a "hello"
;;< numbers a 1 1 0 5
;;> end a
;;< numbers a 1 1 0 -1
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait_any" (func $wait_any (param i32 i32 i64) (result i32)))
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
  ;; Writes the entry of that index, at 20000.
  (func $entry (param $index i32) (param $call i32) (param $interests i32) (local $place i32)
    (local.set $place (i32.add (i32.const 20000) (i32.mul (local.get $index) (i32.const 12))))
    (i32.store (local.get $place) (local.get $call))
    (i32.store offset=4 (local.get $place) (local.get $interests)))
  ;; Notes what was written into it.
  (func $ready (param $index i32)
    (call $note (i32.load offset=8 (i32.add (i32.const 20000) (i32.mul (local.get $index) (i32.const 12))))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $entry (i32.const 0) (local.get $call) (i32.const 1))
    (call $entry (i32.const 1) (local.get $call) (i32.const 2))
    (call $entry (i32.const 2) (i32.add (local.get $call) (i32.const 1000)) (i32.const 1))
    (call $entry (i32.const 3) (local.get $call) (i32.const 0x40000000))
    (call $note (call $wait_any (i32.const 20000) (i32.const 4) (i64.const -1)))
    (call $ready (i32.const 0))
    (call $ready (i32.const 1))
    (call $ready (i32.const 2))
    (call $ready (i32.const 3))
    ;; Nothing holds.
    (call $entry (i32.const 1) (local.get $call) (i32.const 0))
    (call $note (call $wait_any (i32.const 20000) (i32.const 2) (i64.const 0)))
    (call $note (call $wait_any (i32.const 20000) (i32.const 2) (i64.const 1000000)))
    (call $ready (i32.const 0))
    (call $note (call $wait_any (i32.const 20000) (i32.const 0) (i64.const -1)))
    (call $note (call $wait_any (i32.const 20000) (i32.const 1025) (i64.const 0)))
    (call $report (local.get $call))
    (call $note (call $wait_any (i32.const 20000) (i32.const 2) (i64.const -1)))
    (call $ready (i32.const 0))
    (call $ready (i32.const 1))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $report (local.get $call))
    (call $note (call $wait_any (i32.const 20000) (i32.const 2) (i64.const 9223372036854775807)))
    (call $ready (i32.const 0))
    (call $ready (i32.const 1))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $report (local.get $call))
    (i32.const 0)))
