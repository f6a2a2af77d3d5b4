;; Messages are compressed from where it is on to where it is off; the headers announce it.
;;> open a /golden.Test/Call grpc-accept-encoding gzip
;;< header a grpc-encoding gzip
;;< numbers a 1 0 1 -6 0
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "compress" (func $compress (param i32 i32) (result i32)))
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
    (call $note (call $compress (local.get $call) (i32.const 1)))
    (call $note (call $compress (local.get $call) (i32.const 0)))
    (call $note (call $compress (local.get $call) (i32.const 1)))
    (call $note (call $compress (local.get $call) (i32.const 1000)))
    (call $note (call $compress (local.get $call) (i32.const 0)))
    (call $report (local.get $call))
    (i32.const 0)))
