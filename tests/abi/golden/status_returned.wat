;; What the guest returns is the status, 0 to 16; anything else is UNKNOWN. OK without the one response is INTERNAL.
;;> open a /golden.Test/0
;;> end a
;;< status a 0
;;> open b /golden.Test/1
;;> end b
;;< status b 1 ""
;;> open c /golden.Test/2
;;> end c
;;< status c 16 ""
;;> open d /golden.Test/3
;;> end d
;;< status d 2
;;> open e /golden.Test/4
;;> end e
;;< status e 2
;;> open f /golden.Test/5
;;> send f ""
;;> end f
;;< status f 13
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/0")
  (func $declare (param $number i32) (param $kind i32) (param $tag i32)
    (i32.store8 (i32.const 13) (i32.add (i32.const 48) (local.get $number)))
    (drop (call $method (i32.const 0) (i32.const 14) (local.get $kind) (i32.const 0) (local.get $tag))))
  (func (export "wasm_grpc_start")
    (call $declare (i32.const 0) (i32.const 3) (i32.const 0))
    (call $declare (i32.const 1) (i32.const 3) (i32.const 1))
    (call $declare (i32.const 2) (i32.const 3) (i32.const 16))
    (call $declare (i32.const 3) (i32.const 3) (i32.const 17))
    (call $declare (i32.const 4) (i32.const 3) (i32.const -1))
    (call $declare (i32.const 5) (i32.const 0) (i32.const 0)))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (local.get $tag)))
