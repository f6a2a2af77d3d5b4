;; A unary call is answered from an event of another: functions work on any live call.
;;> open a /golden.Test/Call
;;> send a "a"
;;> end a
;;< log 2 "a"
;;> open b /golden.Test/Call
;;> send b "b"
;;> end b
;;< message a "ab"
;;< status a 0
;;< status b 8 "it is the second"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "it is the second")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (local.get $event) (then unreachable))
    (if (i32.eqz (global.get $first)) (then
      (global.set $first (local.get $call))
      (drop (call $recv (local.get $call) (i32.const 1024) (i32.const 1)))
      (call $log (i32.const 2) (i32.const 1024) (i32.const 1))
      return))
    (drop (call $recv (local.get $call) (i32.const 1025) (i32.const 1)))
    (drop (call $finish (local.get $call) (i32.const 8) (i32.const 64) (i32.const 16)))
    (drop (call $send (global.get $first) (i32.const 1024) (i32.const 2)))
    (drop (call $finish (global.get $first) (i32.const 0) (i32.const 0) (i32.const 0))))
  (global $first (mut i32) (i32.const 0)))
