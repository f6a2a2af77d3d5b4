;; Declares two methods; each call has the tag of its own.
;;> open a /golden.Test/One
;;> send a ""
;;> end a
;;< status a 7 ""
;;> open b /a.b_C9/Two
;;> end b
;;< status b 16 ""
;;> open c /golden.Test/Three
;;> end c
;;< status c 12
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/One/a.b_C9/Two")
  (func (export "wasm_grpc_start")
    (if (i32.ne (call $method (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 7)) (i32.const 0)) (then unreachable))
    (if (i32.ne (call $method (i32.const 16) (i32.const 11) (i32.const 3) (i32.const 0) (i32.const 16)) (i32.const 0)) (then unreachable)))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (local.get $tag)))
