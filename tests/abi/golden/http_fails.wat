;; A failure before the headers is a status of HTTP and its text, without the headers that were added; one after them
;; breaks the answer off.
;;> request a GET /golden
;;> end a
;;< header a :status 404
;;< header a x-lost (none)
;;< body a "not there\0a"
;;> request b POST /golden
;;> send-raw b "x"
;;< header b :status 200
;;< broken-off b
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden")
  (data (i32.const 64) "not there")
  (data (i32.const 80) "x-lost")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 7) (i32.const 4) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const 80) (i32.const 6) (i32.const 64) (i32.const 3)))
    (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
    (if (i32.ge_s (call $recv (local.get $call) (i32.const 1024) (i32.const 16384)) (i32.const 0))
      (then (drop (call $headers_send (local.get $call)))))
    (drop (call $finish (local.get $call) (i32.const 5) (i32.const 64) (i32.const 9)))
    (i32.const 0)))
