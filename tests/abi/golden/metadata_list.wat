;; All request headers in order: lengths of key and value, key, value.
;;> open a /golden.Test/Call a 1 b-bin AP8=
;;< numbers a 25 0
;;< message a "\01\00\00\00\01\00\00\00a1\05\00\00\00\02\00\00\00b-bin\00\ff"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_list" (func $metadata_list (param i32 i32 i32) (result i32)))
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
    (call $note (call $metadata_list (local.get $call) (i32.const 1024) (i32.const 24)))
    (call $note (i32.load (i32.const 1024)))
    (call $report (local.get $call))
    (drop (call $send (local.get $call) (i32.const 1024) (call $metadata_list (local.get $call) (i32.const 1024) (i32.const 25))))
    (i32.const 0)))
