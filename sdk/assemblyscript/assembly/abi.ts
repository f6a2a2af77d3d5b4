// ABI 1 of wasm-grpc (docs/abi.md), as it is. Pointers and lengths are of this module's memory.

export const END = -1;
export const AGAIN = -2;
export const CANCELLED = -3;

export const READABLE = 1;
export const WRITABLE = 2;

export const HEADERS = 0;
export const TRAILERS = 1;

// @ts-ignore: decorator
@external("wasm_grpc_1", "method")
export declare function method(path: usize, length: i32, kind: i32, style: i32, tag: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "placement")
export declare function placement(where: i32, key: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "timer")
export declare function timer(call: i32, timeout: i64): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "http_status")
export declare function http_status(call: i32, status: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "health_set")
export declare function health_set(service: usize, length: i32, serving: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "recv")
export declare function recv(call: i32, to: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "send")
export declare function send(call: i32, from: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "compress")
export declare function compress(call: i32, on: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "wait")
export declare function wait(call: i32, interests: i32, timeout: i64): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "finish")
export declare function finish(call: i32, code: i32, text: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "metadata_get")
export declare function metadata_get(
  call: i32, key: usize, keyLength: i32, index: i32, value: usize, capacity: i32,
): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "metadata_list")
export declare function metadata_list(call: i32, to: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "metadata_add")
export declare function metadata_add(
  call: i32, where: i32, key: usize, keyLength: i32, value: usize, valueLength: i32,
): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "headers_send")
export declare function headers_send(call: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "info")
export declare function info(call: i32, what: i32, to: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_1", "deadline")
export declare function deadline(call: i32): i64;
// @ts-ignore: decorator
@external("wasm_grpc_1", "log")
export declare function log(level: i32, text: usize, length: i32): void;
// @ts-ignore: decorator
@external("wasm_grpc_1_optional", "log_call")
export declare function log_call(
  call: i32, level: i32, text: usize, length: i32, pairs: usize, pairsLength: i32,
): i32;
