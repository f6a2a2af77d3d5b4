;; WRITABLE (3) comes when there is room again.
;;> open-unread a /golden.Test/Call
;;< log 2 "c"
;;> read a
;;< last-message a "there is room"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
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
  (data (i32.const 64) "there is room")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (local $answer i32)
    (if (i32.eqz (local.get $event)) (then
      (loop $more
        (local.set $answer (call $send (local.get $call) (i32.const 1024) (i32.const 10000)))
        (br_if $more (i32.eqz (local.get $answer))))
      (call $spell (local.get $answer))
      (call $say)))
    (if (i32.eq (local.get $event) (i32.const 3)) (then
      (if (local.get $value) (then unreachable))
      (if (call $send (local.get $call) (i32.const 64) (i32.const 13)) (then unreachable))
      (drop (call $finish (local.get $call) (i32.const 0) (i32.const 0) (i32.const 0)))))))
