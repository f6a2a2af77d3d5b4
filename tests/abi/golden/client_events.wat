;; In event style: event 8 tells of a call that was made, with what holds. Nothing waits; an answer is given in the event.
;;> target self module:golden
;;> open a /golden.Test/Call
;;> end a
;;< message a "hello"
;;< status a 0
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "open" (func $client_open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "recv" (func $client_recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_client_1" "status" (func $client_status (param i32) (result i32)))
  (import "wasm_grpc_client_1" "close" (func $client_close (param i32) (result i32)))
  (import "wasm_grpc_client_1" "wait_any" (func $client_wait_any (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden.Test/Call")
  (data (i32.const 32) "/golden.Test/Other")
  (data (i32.const 64) "self")
  (data (i32.const 128) "hello")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 17) (i32.const 3) (i32.const 1) (i32.const 0)))
    (drop (call $method (i32.const 32) (i32.const 18) (i32.const 0) (i32.const 0) (i32.const 1))))
  ;; Begins a call of the module's own method Other, made for $parent.
  (func $open_other (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
    (call $client_open (i32.const 64) (i32.const 4) (i32.const 32) (i32.const 18) (local.get $kind)
      (local.get $timeout) (local.get $parent) (i32.const 0) (i32.const 0)))
  (global $served (mut i32) (i32.const 0))
  (global $made (mut i32) (i32.const 0))
  ;; The method Other.
  (func $serve (param $call i32) (result i32) (local $n i32)
    (local.set $n (call $recv (local.get $call) (i32.const 1024) (i32.const 1000)))
    (drop (call $send (local.get $call) (i32.const 1024) (local.get $n)))
    (i32.const 0))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (call $serve (local.get $call)))
  (func (export "wasm_grpc_event") (param $call i32) (param $event i32) (param $value i32) (local $n i32)
    (if (i32.eqz (local.get $event)) (then
      (global.set $served (local.get $call))
      (global.set $made (call $open_other (i32.const 0) (i64.const -1) (local.get $call)))
      (drop (call $client_send (global.get $made) (i32.const 128) (i32.const 5) (i32.const 1)))
      (i32.store (i32.const 20000) (global.get $made))
      (i32.store (i32.const 20004) (i32.const 0x40000000))
      (if (i32.ne (call $client_wait_any (i32.const 20000) (i32.const 1) (i64.const 0)) (i32.const 1)) (then unreachable))
      (return)))
    (if (i32.ne (local.get $event) (i32.const 8)) (then (return)))
    (if (i32.ne (local.get $call) (global.get $made)) (then unreachable))
    (if (i32.eqz (i32.and (local.get $value) (i32.const 8))) (then (return)))
    (local.set $n (call $client_recv (global.get $made) (i32.const 2048) (i32.const 100)))
    (drop (call $send (global.get $served) (i32.const 2048) (local.get $n)))
    (drop (call $finish (global.get $served) (call $client_status (global.get $made)) (i32.const 0) (i32.const 0)))
    (if (call $client_close (global.get $made)) (then unreachable))))
