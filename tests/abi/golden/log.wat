;; Lines of every level, at any time; control characters are escaped.
;;< log 2 "at the start"
;;> open a /golden.Test/Call
;;< log 0 "line"
;;< log 1 "line"
;;< log 2 "line"
;;< log 3 "line"
;;< log 4 "line"
;;< log 4 "above"
;;< log 4 "below"
;;< log 2 "a\5cx0ab"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 64) "line")
  (data (i32.const 70) "above")
  (data (i32.const 80) "below")
  (data (i32.const 90) "a\0ab")
  (data (i32.const 100) "at the start")
  (func (export "wasm_grpc_start")
    (call $log (i32.const 2) (i32.const 100) (i32.const 12))
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $log (i32.const 0) (i32.const 64) (i32.const 4))
    (call $log (i32.const 1) (i32.const 64) (i32.const 4))
    (call $log (i32.const 2) (i32.const 64) (i32.const 4))
    (call $log (i32.const 3) (i32.const 64) (i32.const 4))
    (call $log (i32.const 4) (i32.const 64) (i32.const 4))
    (call $log (i32.const 100) (i32.const 70) (i32.const 5))
    (call $log (i32.const -1) (i32.const 80) (i32.const 5))
    (call $log (i32.const 2) (i32.const 90) (i32.const 3))
    (i32.const 0)))
