;; grpc-status-details-bin may be added to the trailers, once.
;;> open a /golden.Test/Call
;;< numbers a -6 0 -6
;;< status a 3
;;< trailer a grpc-status-details-bin CAM
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 64) "grpc-status-details-bin")
  (data (i32.const 90) "\08\03")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $metadata_add (local.get $call) (i32.const 0) (i32.const 64) (i32.const 23) (i32.const 90) (i32.const 2)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 23) (i32.const 90) (i32.const 2)))
    (call $note (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 23) (i32.const 90) (i32.const 2)))
    (call $report (local.get $call))
    (i32.const 3)))
