;; Calls that cannot be made have a number and have ended: PERMISSION_DENIED for a target that was not granted,
;; UNIMPLEMENTED for a method that is not there. INVALID and CLOSED for what makes no sense.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< numbers a 1 7 1 12 -6 -6 -6 -6 -5 -5 -6 -6
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "require" (func $client_require (param i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "status" (func $client_status (param i32) (result i32)))
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
  (data (i32.const 128) "nowhere")
  (data (i32.const 144) "/a/B")
  (data (i32.const 160) "\09\00\00\00\01\00\00\00grpc-keysx")
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
    (local.set $made (call $client_open (i32.const 128) (i32.const 7) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1)
      (local.get $call) (i32.const 0) (i32.const 0)))
    (call $note (i32.gt_s (local.get $made) (i32.const 0)))
    (call $note (call $client_status (local.get $made)))
    (local.set $made (call $client_open (i32.const 64) (i32.const 4) (i32.const 144) (i32.const 4) (i32.const 0) (i64.const -1)
      (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $note (i32.gt_s (local.get $made) (i32.const 0)))
    (call $note (call $client_status (local.get $made)))
    ;; A path without its first letter; a kind; metadata that is cut off; a key that nobody may say.
    (call $note (call $client_open (i32.const 64) (i32.const 4) (i32.const 33) (i32.const 17) (i32.const 0) (i64.const -1) (local.get $call) (i32.const 0) (i32.const 0)))
    (call $note (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (i32.const 1000) (i64.const -1) (local.get $call) (i32.const 0) (i32.const 0)))
    (call $note (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1) (local.get $call) (i32.const 160) (i32.const 17)))
    (call $note (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1) (local.get $call) (i32.const 160) (i32.const 18)))
    ;; A call that it does not serve; numbers that are none.
    (call $note (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1) (i32.add (local.get $call) (i32.const 1000)) (i32.const 0) (i32.const 0)))
    (call $note (call $client_send (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 1)))
    (local.set $made (call $open_other (i32.const 0) (i64.const -1) (local.get $call)))
    (call $note (call $client_send (local.get $made) (i32.const 0) (i32.const 0) (i32.const 1000)))
    (call $note (call $client_require (i32.const 64) (i32.const 4)))
    (call $report (local.get $call))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
