;; A message that cannot be decompressed ends the call with INTERNAL: CANCELLED.
;;> open a /golden.Test/Call grpc-encoding gzip
;;> send-raw a "\01\00\00\00\05hello"
;;< status a 13
;;< log 2 "dd"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
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
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (call $spell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $spell (call $send (local.get $call) (i32.const 1024) (i32.const 0)))
    (call $say)
    (i32.const 0)))
