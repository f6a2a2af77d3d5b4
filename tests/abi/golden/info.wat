;; What is known of a call: its path and authority, and the peer's address.
;;> open a /golden.Test/Call :authority example.com
;;< message a "/golden.Test/Call"
;;< message a "example.com"
;;< message a "127.0.0.1:"
;;< numbers a 17 0 -4 -4 -6 -6
;;> send a "hello"
;;< numbers a 8 8 1953391972 5 8
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
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
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const 0) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 1024) (call $info (local.get $call) (i32.const 1) (i32.const 1024) (i32.const 100))))
    ;; The port is another every time.
    (drop (call $info (local.get $call) (i32.const 2) (i32.const 1024) (i32.const 100)))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 10)))
    (i32.store (i32.const 1024) (i32.const 0))
    (call $note (call $info (local.get $call) (i32.const 0) (i32.const 1024) (i32.const 16)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $info (local.get $call) (i32.const 3) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 4) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const -1) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 1000) (i32.const 1024) (i32.const 100)))
    (call $report (local.get $call))
    (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (drop (call $recv (local.get $call) (i32.const 1024) (i32.const 0)))
    (call $note (call $info (local.get $call) (i32.const 4) (i32.const 1024) (i32.const 7)))
    (call $note (call $info (local.get $call) (i32.const 4) (i32.const 1024) (i32.const 8)))
    (call $note (i32.load (i32.const 1025)))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $note (call $info (local.get $call) (i32.const 4) (i32.const 1024) (i32.const 8)))
    (call $report (local.get $call))
    (i32.const 0)))
