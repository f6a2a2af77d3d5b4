;; A call that the host ends, for a message that cannot be decompressed, has its CANCELLED.
;;> open a /golden.Test/Call grpc-encoding gzip
;;> send-raw a "\01\00\00\00\05hello"
;;< status a 13
;;< log 2 "d"
;;< log 2 "told"
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
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
  (data (i32.const 64) "told")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0))))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32)
    (if (i32.eq (local.get $event) (i32.const 1)) (then
      (call $spell (call $recv (local.get $call) (i32.const 1024) (i32.const 100)))
      (call $say)))
    (if (i32.eq (local.get $event) (i32.const 5)) (then
      (call $log (i32.const 2) (i32.const 64) (i32.const 4))))))
