;; An instance may have 1,024 calls open in handler style; one more is FULL, until one is closed.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< numbers a 1024 -9 0 1
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "close" (func $client_close (param i32) (result i32)))
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
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32) (local $last i32)
    (loop $again
      (local.set $made (call $client_open (i32.const 128) (i32.const 7) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1)
        (local.get $call) (i32.const 0) (i32.const 0)))
      (if (i32.gt_s (local.get $made) (i32.const 0)) (then
        (local.set $last (local.get $made))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $again))))
    (call $note (local.get $n))
    (call $note (local.get $made))
    (call $note (call $client_close (local.get $last)))
    (call $note (i32.gt_s (call $client_open (i32.const 128) (i32.const 7) (i32.const 32) (i32.const 18) (i32.const 0) (i64.const -1)
      (local.get $call) (i32.const 0) (i32.const 0)) (i32.const 0)))
    (call $report (local.get $call))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
