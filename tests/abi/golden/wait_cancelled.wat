;; CANCELLED when the client cancels, whatever the interests; then everything that acts answers so.
;;> open a /golden.Test/Call x-key value
;;< headers a
;;> cancel a
;;< log 2 "dddddddddgggg"
;;< log 2 "5"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "compress" (func $compress (param i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  ;; Spells an answer: a is OK, b is END (-1), c is AGAIN (-2), ... h is UNSUPPORTED (-7).
  (global $end (mut i32) (i32.const 8192))
  (func $spell (param i32)
    (i32.store8 (global.get $end) (i32.sub (i32.const 97) (local.get 0)))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  ;; Logs what was spelled.
  (func $say
    (call $log (i32.const 2) (i32.const 8192) (i32.sub (global.get $end) (i32.const 8192)))
    (global.set $end (i32.const 8192)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "x-key")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $headers_send (local.get $call)))
    (call $spell (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (call $spell (call $wait (local.get $call) (i32.const 3) (i64.const 0)))
    (call $spell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $spell (call $send (local.get $call) (i32.const 1024) (i32.const 0)))
    (call $spell (call $compress (local.get $call) (i32.const 1)))
    (call $spell (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 64) (i32.const 5)))
    (call $spell (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 64) (i32.const 5)))
    (call $spell (call $headers_send (local.get $call)))
    (call $spell (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $spell (call $wait (local.get $call) (i32.const 4) (i64.const 0)))
    (call $spell (call $compress (local.get $call) (i32.const 2)))
    (call $spell (call $metadata_add (local.get $call) (i32.const 2) (i32.const 64) (i32.const 5) (i32.const 64) (i32.const 5)))
    (call $spell (call $finish (local.get $call) (i32.const 17) (i32.const 0) (i32.const 0)))
    (call $say)
    ;; What is only read is still there.
    (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 2048) (i32.const 100))))
    (call $log (i32.const 2) (i32.const 1024) (i32.const 1))
    (i32.const 0)))
