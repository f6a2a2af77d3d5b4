;; A module declares one method at least. The module does not load.
;;< no-load
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (func (export "wasm_grpc_start")
    nop)
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0)))
