;; Adds to the headers and the trailers, and refuses what is wrong or late.
;;> open a /golden.Test/Call
;;< header a x-key value
;;< numbers a 0 0 0 -6 -6 -6 -6 -6 0 -6 0
;;< status a 0
;;< trailer a x-key value
;;< trailer a data-bin AP8
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
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
  (data (i32.const 64) "x-key")
  (data (i32.const 70) "value")
  (data (i32.const 80) "data-bin")
  (data (i32.const 90) "\00\ff")
  (data (i32.const 100) "X-Key")
  (data (i32.const 110) "grpc-status")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 80) (i32.const 8) (i32.const 90) (i32.const 2)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1000) (i32.const 64) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 100) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 110) (i32.const 11) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 90) (i32.const 2)))
    (call $note (call $headers_send (local.get $call)))
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 70) (i32.const 5)))
    (call $report (local.get $call))
    (i32.const 0)))
