;; A file descriptor that poll_oneoff finds ready when wait_any would not suspend. CLOSED for a number that is none, INVALID for
;; unknown bits.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< numbers a -5 -6 1 0 1 2 0 0
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "status" (func $client_status (param i32) (result i32)))
  (import "wasm_grpc_client_1" "wait_fd" (func $client_wait_fd (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 32) "/golden.Test/Other")
  (data (i32.const 64) "self")
  (data (i32.const 128) "hello")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (local.set $n (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (drop (call $send (local.get $call) (i32.const 1024) (local.get $n)))
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (local.set $made (call $open_other (i32.const 0) (i64.const -1) (local.get $call)))
    (call $note (call $client_wait_fd (i32.add (local.get $made) (i32.const 1000)) (i32.const 8)))
    (call $note (call $client_wait_fd (local.get $made) (i32.const 0x40000000)))
    (local.set $n (call $client_wait_fd (local.get $made) (i32.const 8)))
    (call $note (i32.gt_s (local.get $n) (i32.const 2)))
    (drop (call $client_send (local.get $made) (i32.const 128) (i32.const 5) (i32.const 1)))
    ;; Two subscriptions at 20000: 1 to the clock, in an hour, 2 to the descriptor.
    (i64.store (i32.const 20000) (i64.const 1))
    (i32.store8 offset=8 (i32.const 20000) (i32.const 0))
    (i32.store offset=16 (i32.const 20000) (i32.const 1))
    (i64.store offset=24 (i32.const 20000) (i64.const 3600000000000))
    (i64.store (i32.const 20048) (i64.const 2))
    (i32.store8 offset=8 (i32.const 20048) (i32.const 1))
    (i32.store offset=16 (i32.const 20048) (local.get $n))
    (call $note (call $poll_oneoff (i32.const 20000) (i32.const 21000) (i32.const 2) (i32.const 22000)))
    (call $note (i32.load (i32.const 22000)))
    (call $note (i32.wrap_i64 (i64.load (i32.const 21000))))
    (call $note (call $client_status (local.get $made)))
    (call $note (call $fd_close (local.get $n)))
    (call $report (local.get $call))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
