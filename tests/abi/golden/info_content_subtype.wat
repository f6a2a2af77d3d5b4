;; The format of the messages by the client's content-type; none for protobuf.
;;> open a /golden.Test/Call content-type "application/grpc+Foo;a=b"
;;< message a "foo"
;;< numbers a 3 3 0
;;< status a 0
;;> open b /golden.Test/Call content-type application/grpc+proto
;;< message b ""
;;< numbers b -4 -4 0
;;< status b 0
;;> open c /golden.Test/Call
;;< message c ""
;;< numbers c -4 -4 0
;;< status c 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
  (global $size (mut i32) (i32.const 0))
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
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    ;; What was there stays where there is no room.
    (i32.store (i32.const 2048) (i32.const 0))
    (call $note (call $info (local.get $call) (i32.const 8) (i32.const 2048) (i32.const 2)))
    (global.set $size (call $info (local.get $call) (i32.const 8) (i32.const 1024) (i32.const 3)))
    (call $note (global.get $size))
    (call $note (i32.load (i32.const 2048)))
    (if (i32.lt_s (global.get $size) (i32.const 0)) (then (global.set $size (i32.const 0))))
    (drop (call $send (local.get $call) (i32.const 1024) (global.get $size)))
    (call $report (local.get $call))
    (i32.const 0)))
