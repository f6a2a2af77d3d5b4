;; MESSAGE (1) and HALF_CLOSE (2) of a client-streaming method.
;;> open a /golden.Test/Call
;;> send a "hello"
;;< log 2 "hello"
;;> send a "world"
;;< log 2 "world"
;;> end a
;;< numbers a 0 1 5 1 5 2 -1
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
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
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 1) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (local $size i32)
    (if (i32.eqz (local.get $event)) (then (call $note (local.get $event))))
    ;; More of them than there are messages may come.
    (if (i32.eq (local.get $event) (i32.const 1)) (then
      (loop $next
        (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
        (if (i32.ge_s (local.get $size) (i32.const 0)) (then
          (call $note (local.get $event))
          (call $note (local.get $size))
          (call $log (i32.const 2) (i32.const 1024) (local.get $size))
          (br $next))))))
    (if (i32.eq (local.get $event) (i32.const 2)) (then
      (if (local.get $value) (then unreachable))
      (call $note (local.get $event))
      (call $note (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (call $report (local.get $call))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))
