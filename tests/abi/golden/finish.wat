;; Gives the status with a message; what the guest returns then does not count.
;;> open a /golden.Test/Call
;;< message a ""
;;< status a 5 "no such thing"
;;< log 2 "gga"
;;< log 2 "fffffcg"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "compress" (func $compress (param i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 64) "no such thing")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $send (local.get $call) (i32.const 64) (i32.const 0)))
    (call $spell (call $finish (local.get $call) (i32.const 1000) (i32.const 64) (i32.const 13)))
    (call $spell (call $finish (local.get $call) (i32.const -1) (i32.const 64) (i32.const 13)))
    (call $spell (call $finish (local.get $call) (i32.const 5) (i32.const 64) (i32.const 13)))
    (call $say)
    (call $spell (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $spell (call $send (local.get $call) (i32.const 64) (i32.const 1)))
    (call $spell (call $headers_send (local.get $call)))
    (call $spell (call $compress (local.get $call) (i32.const 1)))
    (call $spell (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 2) (i32.const 64) (i32.const 2)))
    (call $spell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $spell (call $finish (local.get $call) (i32.const 1000) (i32.const 0) (i32.const 0)))
    (call $say)
    (i32.const 0)))
