;; A call ends with DEADLINE_EXCEEDED after its timeout, or at the deadline of the call that it is made for. What is not
;; there in time is not waited for; a timeout of 0 is over at once.
;;> target self module:golden
;;> open a /golden.Test/Call grpc-timeout 60S
;;> end a
;;< numbers a 1 4 0 0 1 8 4 1
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "recv" (func $client_recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "status" (func $client_status (param i32) (result i32)))
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
  (data (i32.const 128) "x")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  ;; Waits until one of the interests of a call holds; notes what was answered and which do.
  (func $await (param $made i32) (param $interests i32) (param $timeout i64)
    (i32.store (i32.const 20000) (local.get $made))
    (i32.store (i32.const 20004) (local.get $interests))
    (call $note (call $client_wait_any (i32.const 20000) (i32.const 1) (local.get $timeout)))
    (call $note (i32.load (i32.const 20008))))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (if (i32.eqz (call $recv (local.get $call) (i32.const 1024) (i32.const 1000))) (then
      (drop (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
      (return (i32.const 0))))
    (i64.store (i32.const 1024) (call $deadline (local.get $call)))
    (drop (call $send (local.get $call) (i32.const 1024) (i32.const 8)))
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (local.set $made (call $open_other (i32.const 0) (i64.const 0) (local.get $call)))
    (call $note (i32.gt_s (local.get $made) (i32.const 0)))
    (call $note (call $client_status (local.get $made)))
    (local.set $made (call $open_other (i32.const 0) (i64.const 50000000) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1)))
    (call $await (local.get $made) (i32.const 8) (i64.const 1000000))
    (call $await (local.get $made) (i32.const 8) (i64.const -1))
    (call $note (call $client_status (local.get $made)))
    ;; Without a timeout it has what is left of the minute.
    (local.set $made (call $open_other (i32.const 0) (i64.const -1) (local.get $call)))
    (memory.fill (i32.const 2048) (i32.const 0) (i32.const 8))
    (drop (call $client_send (local.get $made) (i32.const 128) (i32.const 1) (i32.const 1)))
    (i32.store (i32.const 20000) (local.get $made))
    (i32.store (i32.const 20004) (i32.const 8))
    (drop (call $client_wait_any (i32.const 20000) (i32.const 1) (i64.const -1)))
    (drop (call $client_recv (local.get $made) (i32.const 2048) (i32.const 8)))
    (call $note (i32.and (i64.gt_s (i64.load (i32.const 2048)) (i64.const 0)) (i64.le_s (i64.load (i32.const 2048)) (i64.const 60000000000))))
    (call $report (local.get $call))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
