;; A method of kind HTTP in handler style: says what was asked for, and echoes the body as it comes.
;;> request a PUT /golden/page?x=y x-asked yes
;;> send-raw a "one"
;;< header a :status 201
;;< header a x-answer yes
;;> send-raw a " two"
;;> end a
;;< body a "PUT /golden/page?x=y yes: one two"
;;> request b GET /golden
;;> end b
;;< header b :status 201
;;< body b "GET /golden (none): "
;;> request c GET /goldener
;;> end c
;;< header c :status 404
;;> request d HEAD /golden x-asked no
;;> end d
;;< header d :status 201
;;< header d content-length 17
;;< body d ""
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "http_status" (func $http_status (param i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/golden")
  (data (i32.const 64) "x-asked")
  (data (i32.const 80) "x-answer")
  (data (i32.const 96) "(none)")
  (data (i32.const 112) " ")
  (data (i32.const 114) ": ")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 7) (i32.const 4) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (local $size i32)
    (drop (call $http_status (local.get $call) (i32.const 201)))
    (local.set $size
      (call $metadata_get (local.get $call) (i32.const 64) (i32.const 7) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (if (i32.ge_s (local.get $size) (i32.const 0)) (then
      (drop (call $metadata_add (local.get $call) (i32.const 0) (i32.const 80) (i32.const 8) (i32.const 1024)
        (local.get $size)))))
    (drop (call $send (local.get $call) (i32.const 1024)
      (call $info (local.get $call) (i32.const 5) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 112) (i32.const 1)))
    (drop (call $send (local.get $call) (i32.const 1024)
      (call $info (local.get $call) (i32.const 0) (i32.const 1024) (i32.const 100))))
    (drop (call $send (local.get $call) (i32.const 112) (i32.const 1)))
    (local.set $size
      (call $metadata_get (local.get $call) (i32.const 64) (i32.const 7) (i32.const 0) (i32.const 1024) (i32.const 100)))
    (if (i32.lt_s (local.get $size) (i32.const 0))
      (then (drop (call $send (local.get $call) (i32.const 96) (i32.const 6))))
      (else (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))))
    (drop (call $send (local.get $call) (i32.const 114) (i32.const 2)))
    (loop $next
      (drop (call $wait (local.get $call) (i32.const 1) (i64.const -1)))
      (local.set $size (call $recv (local.get $call) (i32.const 1024) (i32.const 16384)))
      (if (i32.ge_s (local.get $size) (i32.const 0)) (then
        (drop (call $send (local.get $call) (i32.const 1024) (local.get $size)))
        (br $next))))
    (i32.const 0)))
