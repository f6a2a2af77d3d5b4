;; CANCELLED (5) is the last event: functions answer CANCELLED in it, and CLOSED after it.
;;> open a /golden.Test/Call x-key value
;;< headers a
;;> cancel a
;;< log 2 "ddddddd"
;;< log 2 "5"
;;> open b /golden.Test/Call x-last yes
;;< log 2 "ffffffffffff"
;;< status b 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "compress" (func $compress (param i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_list" (func $metadata_list (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (import "wasm_grpc_1" "timer" (func $timer (param i32 i64) (result i32)))
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
  (data (i32.const 64) "x-key")
  (data (i32.const 72) "x-last")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eqz (local.get $event)) (then
      (if (i32.eq (call $metadata_get (local.get $call) (i32.const 72) (i32.const 6) (i32.const 0) (i32.const 1024) (i32.const 0)) (i32.const 3)) (then
        (call $every_function (global.get $gone))
        (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
        return))
      (drop (call $headers_send (local.get $call)))))
    (if (i32.eq (local.get $event) (i32.const 5)) (then
      (if (local.get $value) (then unreachable))
      (global.set $gone (local.get $call))
      (call $spell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (call $spell (call $send (local.get $call) (i32.const 1024) (i32.const 0)))
      (call $spell (call $wait (local.get $call) (i32.const 3) (i64.const 0)))
      (call $spell (call $metadata_add (local.get $call) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 64) (i32.const 5)))
      (call $spell (call $headers_send (local.get $call)))
      (call $spell (call $timer (local.get $call) (i64.const 0)))
      (call $spell (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))
      (call $say)
      ;; What is only read is still there.
      (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (call $metadata_get (local.get $call) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 2048) (i32.const 100))))
      (call $log (i32.const 2) (i32.const 1024) (i32.const 1)))))
  (global $gone (mut i32) (i32.const 0))
  (func $every_function (param $id i32)
    (call $spell (call $recv (local.get $id) (i32.const 1024) (i32.const 100)))
    (call $spell (call $send (local.get $id) (i32.const 1024) (i32.const 0)))
    (call $spell (call $compress (local.get $id) (i32.const 1)))
    (call $spell (call $wait (local.get $id) (i32.const 1) (i64.const 0)))
    (call $spell (call $finish (local.get $id) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $spell (call $metadata_get (local.get $id) (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (call $spell (call $metadata_list (local.get $id) (i32.const 1024) (i32.const 100)))
    (call $spell (call $metadata_add (local.get $id) (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 64) (i32.const 5)))
    (call $spell (call $headers_send (local.get $id)))
    (call $spell (call $info (local.get $id) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (call $spell (i32.wrap_i64 (call $deadline (local.get $id))))
    (call $spell (call $timer (local.get $id) (i64.const -1)))
    (call $say)))
