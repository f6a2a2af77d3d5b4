;; A file descriptor that poll_oneoff finds ready when wait would not suspend; with the flag NONBLOCK (4), until it is
;; closed. Unknown bits are INVALID, a number that is no live call's is CLOSED.
;;> open a /golden.Test/Call
;;< numbers a 1 4 0 1 1 -6 -5
;;> send a "hello"
;;< numbers a 0 1 2 0 1 3 0 8
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait_fd" (func $wait_fd (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
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
  ;; Two subscriptions at 20000: 1 to the clock, 2 to the descriptor. Notes the answer, and how many and which events came.
  (func $poll (param $fd i32) (param $type i32) (param $timeout i64)
    (i64.store (i32.const 20000) (i64.const 1))
    (i32.store8 offset=8 (i32.const 20000) (i32.const 0))
    (i32.store offset=16 (i32.const 20000) (i32.const 1))
    (i64.store offset=24 (i32.const 20000) (local.get $timeout))
    (i64.store (i32.const 20048) (i64.const 2))
    (i32.store8 offset=8 (i32.const 20048) (local.get $type))
    (i32.store offset=16 (i32.const 20048) (local.get $fd))
    (call $note (call $poll_oneoff (i32.const 20000) (i32.const 21000) (i32.const 2) (i32.const 22000)))
    (call $note (i32.load (i32.const 22000)))
    (call $note (i32.wrap_i64 (i64.load (i32.const 21000)))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (local $fd i32) (local $never i32)
    (local.set $fd (call $wait_fd (local.get $call) (i32.const 1)))
    (call $note (i32.gt_s (local.get $fd) (i32.const 2)))
    (drop (call $fd_fdstat_get (local.get $fd) (i32.const 2048)))
    (call $note (i32.load16_u offset=2 (i32.const 2048)))
    (call $poll (local.get $fd) (i32.const 1) (i64.const 1000000))
    (call $note (call $wait_fd (local.get $call) (i32.const 4)))
    (call $note (call $wait_fd (i32.add (local.get $call) (i32.const 1000)) (i32.const 1)))
    (call $report (local.get $call))
    (call $poll (local.get $fd) (i32.const 1) (i64.const 3600000000000))
    ;; For writing it is ready when it is for reading.
    (i64.store (i32.const 21000) (i64.const 0))
    (call $poll (local.get $fd) (i32.const 2) (i64.const 3600000000000))
    (global.set $at (i32.sub (global.get $at) (i32.const 4)))
    (call $note (i32.add (i32.wrap_i64 (i64.load (i32.const 21000))) (i32.const 1)))
    (call $note (call $fd_close (local.get $fd)))
    (call $note (call $fd_close (local.get $fd)))
    (call $report (local.get $call))
    (i32.const 0)))
