;; Each method does something else that a guest should not. By tests/e2e/python/test_hostile_guests.py.
(module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "/bad.Guest/")
  (data (i32.const 100) "Pointer___Recursion_MemoryBombEndless___Exit______LogFlood__Metadata__Foreign___WrongCode_")
  (data (i32.const 300) "x-key")
  (data (i32.const 320) "escape \1b[31m\n2026-01-01 error host: all is lost")

  ;; "/bad.Guest/" and a name of up to 10 letters, ended by "_".
  (func $declare (param $tag i32)
    (local $length i32)
    (memory.copy (i32.const 11) (i32.add (i32.const 100) (i32.mul (local.get $tag) (i32.const 10))) (i32.const 10))
    (block $end
      (loop $next
        (br_if $end (i32.eq (i32.load8_u (i32.add (i32.const 11) (local.get $length))) (i32.const 95)))
        (local.set $length (i32.add (local.get $length) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $length) (i32.const 10)))))
    (drop (call $method (i32.const 0) (i32.add (i32.const 11) (local.get $length))
                        (i32.const 0) (i32.const 0) (local.get $tag))))

  (func (export "wasm_grpc_start")
    (local $tag i32)
    (loop $next
      (call $declare (local.get $tag))
      (local.set $tag (i32.add (local.get $tag) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $tag) (i32.const 9)))))

  (func $down (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 1)))

  (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 2000))
    (block $wrong_code (block $foreign (block $metadata (block $log_flood (block $leave (block $endless (block $bomb
      (block $recursion (block $pointer
        (br_table $pointer $recursion $bomb $endless $leave $log_flood $metadata $foreign $wrong_code (local.get $tag)))
      (return (call $recv (local.get $call) (i32.const 65530) (i32.const -7))))
      (return (call $down (i32.const 0))))
      (loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))
      (return (i32.const 8)))
      (loop $forever (br $forever)))
      (call $exit (i32.const 0)))
      (loop $more
        (call $log (i32.const 4) (i32.const 320) (i32.const 600))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (return (i32.const 10)))
      (loop $more
        (drop (call $metadata_add (local.get $call) (i32.and (local.get $left) (i32.const 1))
                                  (i32.const 300) (i32.const 5) (i32.const 300) (i32.const 5)))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (return (i32.const 9)))
      ;; CLOSED is -5, and 5 is NOT_FOUND.
      (return (i32.sub (i32.const 0) (call $send (i32.add (local.get $call) (i32.const 1)) (i32.const 0) (i32.const 5)))))
    (i32.const 99)))
