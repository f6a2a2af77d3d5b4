;; OPEN (0) has the tag of the method. A unary method has its message then, and no other event.
;;> open a /golden.Test/Call
;;> send a "hello"
;;> end a
;;< numbers a 0 77 5 -1
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
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
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 0) (i32.const 1) (i32.const 77))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (call $note (local.get $event))
    (call $note (local.get $value))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
    (call $report (local.get $call))
    (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))
