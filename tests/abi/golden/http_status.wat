;; Statuses of HTTP that are taken, and those that are not: they are no answer, or the headers have left.
;;> request a GET /golden
;;> end a
;;< header a :status 404
;;< body a "\fa\ff\ff\ff\fa\ff\ff\ff\00\00\00\00\00\00\00\00\00\00\00\00\fa\ff\ff\ff"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "http_status" (func $http_status (param i32 i32) (result i32)))
  (global $at (mut i32) (i32.const 4096))
  (func $note (param i32)
    (i32.store (global.get $at) (local.get 0))
    (global.set $at (i32.add (global.get $at) (i32.const 4))))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 7) (i32.const 4) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $note (call $http_status (local.get $call) (i32.const 199)))
    (call $note (call $http_status (local.get $call) (i32.const 600)))
    (call $note (call $http_status (local.get $call) (i32.const 599)))
    (call $note (call $http_status (local.get $call) (i32.const 404)))
    (call $note (call $headers_send (local.get $call)))
    (call $note (call $http_status (local.get $call) (i32.const 200)))
    (drop (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
    (i32.const 0)))
