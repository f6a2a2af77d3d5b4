;; Waits for calls that it serves and makes together: entries of both, what holds in each. CLOSED for a number that is
;; none, INVALID for unknown bits and for 0 and 1025 entries. CANCELLED once its own client is gone.
;;> target self module:golden
;;> open a /golden.Test/Call
;;< numbers a 3 0 2 -5 -6 -6 0
;;> send a "x"
;;< numbers a 1 1
;;> cancel a
;;< log 2 "gone"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "wait_any" (func $client_wait_any (param i32 i32 i64) (result i32)))
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
  (data (i32.const 128) "gone")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 3) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  ;; Writes the entry of that index, at 20000.
  (func $entry (param $index i32) (param $call i32) (param $interests i32) (local $place i32)
    (local.set $place (i32.add (i32.const 20000) (i32.mul (local.get $index) (i32.const 12))))
    (i32.store (local.get $place) (local.get $call))
    (i32.store offset=4 (local.get $place) (local.get $interests)))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (local.set $made (call $open_other (i32.const 3) (i64.const -1) (local.get $call)))
    (call $entry (i32.const 0) (local.get $made) (i32.const 9))
    (call $entry (i32.const 1) (local.get $made) (i32.const 2))
    (call $entry (i32.const 2) (i32.add (local.get $call) (i32.const 1000)) (i32.const 1))
    (call $entry (i32.const 3) (local.get $made) (i32.const 0x40000000))
    (call $note (call $client_wait_any (i32.const 20000) (i32.const 4) (i64.const -1)))
    (call $note (i32.load (i32.const 20008)))
    (call $note (i32.load (i32.const 20020)))
    (call $note (i32.load (i32.const 20032)))
    (call $note (i32.load (i32.const 20044)))
    (call $note (call $client_wait_any (i32.const 20000) (i32.const 0) (i64.const -1)))
    (call $entry (i32.const 1) (local.get $call) (i32.const 1))
    (call $note (call $client_wait_any (i32.const 20000) (i32.const 2) (i64.const 0)))
    (call $report (local.get $call))
    (call $note (call $client_wait_any (i32.const 20000) (i32.const 2) (i64.const -1)))
    (call $note (i32.load (i32.const 20020)))
    (call $report (local.get $call))
    (drop (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (if (i32.eq (call $client_wait_any (i32.const 20000) (i32.const 1) (i64.const -1)) (i32.const -3)) (then
      (call $log (i32.const 2) (i32.const 128) (i32.const 4))))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
