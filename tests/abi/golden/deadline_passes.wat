;; Past its deadline the client has DEADLINE_EXCEEDED and the guest is told: CANCELLED, and 0 is left.
;;> open a /golden.Test/Call grpc-timeout 2S
;;< status a 4
;;< log 2 "da"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
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
    (call $spell (call $wait (local.get $call) (i32.const 0) (i64.const -1)))
    (call $spell (i32.wrap_i64 (call $deadline (local.get $call))))
    (call $say)
    (i32.const 0)))
