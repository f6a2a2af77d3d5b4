;; The values of a request header by index; -bin values as raw bytes.
;;> open a /golden.Test/Call x-key first x-other thing x-key 2nd data-bin AP8
;;< numbers a 5 0 5 1936877926 3 -4 -6 -4 -4 2 65280
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 72) "data-bin")
  (data (i32.const 80) "te")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 1024) (i32.const 4)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 1024) (i32.const 5)))
    (call $note (i32.load (i32.const 1024)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 1) (i32.const 1024) (i32.const 0)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 2) (i32.const 1024) (i32.const 100)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const -1) (i32.const 1024) (i32.const 100)))
    (call $note (call $metadata_get (local.get $call) (i32.const 64) (i32.const 4) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (call $note (call $metadata_get (local.get $call) (i32.const 80) (i32.const 2) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (call $note (call $metadata_get (local.get $call) (i32.const 72) (i32.const 8) (i32.const 0) (i32.const 2048) (i32.const 100)))
    (call $note (i32.load (i32.const 2048)))
    (call $report (local.get $call))
    (i32.const 0)))
