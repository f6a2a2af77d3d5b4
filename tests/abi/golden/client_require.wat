;; A target that the module was granted is OK in its start; no name, and one of 257 bytes, are INVALID.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< numbers a 0 -6 -6
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "require" (func $client_require (param i32 i32) (result i32)))
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
  (func (export "wasm_grpc_start")
    (call $note (call $client_require (i32.const 64) (i32.const 4)))
    (call $note (call $client_require (i32.const 64) (i32.const 0)))
    (call $note (call $client_require (i32.const 64) (i32.const 257)))
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (i32.const 0))
  (func $ask (param $call i32) (result i32) (local $made i32) (local $n i32)
    (call $report (local.get $call))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (if (local.get $tag) (then (return (call $serve (local.get $call)))))
    (call $ask (local.get $call))))
