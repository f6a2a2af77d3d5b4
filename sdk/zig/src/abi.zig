//! ABI 1 of wasm-grpc (docs/abi.md), as it is.

pub const ok = 0;
pub const end = -1;
pub const again = -2;
pub const cancelled = -3;

pub const readable = 1;
pub const writable = 2;

pub const handler_style = 0;
pub const event_style = 1;

pub const headers = 0;
pub const trailers = 1;

pub extern "wasm_grpc_1" fn method(path: [*]const u8, path_len: u32, kind: i32, style: i32, tag: i32) i32;
pub extern "wasm_grpc_1" fn placement(where: i32, key: [*]const u8, key_len: u32) i32;
pub extern "wasm_grpc_1" fn descriptors(ptr: [*]const u8, len: u32) i32;
pub extern "wasm_grpc_1" fn health_set(service: [*]const u8, service_len: u32, serving: i32) i32;
pub extern "wasm_grpc_1" fn recv(call: i32, ptr: [*]u8, cap: u32) i32;
pub extern "wasm_grpc_1" fn send(call: i32, ptr: [*]const u8, len: u32) i32;
pub extern "wasm_grpc_1" fn compress(call: i32, on: i32) i32;
pub extern "wasm_grpc_1" fn wait(call: i32, interests: i32, timeout_ns: i64) i32;
pub extern "wasm_grpc_1" fn finish(call: i32, code: i32, message: [*]const u8, message_len: u32) i32;
pub extern "wasm_grpc_1" fn metadata_get(call: i32, key: [*]const u8, key_len: u32, index: i32, value: [*]u8, cap: u32) i32;
pub extern "wasm_grpc_1" fn metadata_list(call: i32, ptr: [*]u8, cap: u32) i32;
pub extern "wasm_grpc_1" fn metadata_add(call: i32, where: i32, key: [*]const u8, key_len: u32, value: [*]const u8, value_len: u32) i32;
pub extern "wasm_grpc_1" fn headers_send(call: i32) i32;
pub extern "wasm_grpc_1" fn http_status(call: i32, status: i32) i32;
pub extern "wasm_grpc_1" fn timer(call: i32, timeout_ns: i64) i32;
pub extern "wasm_grpc_1" fn info(call: i32, what: i32, ptr: [*]u8, cap: u32) i32;
pub extern "wasm_grpc_1" fn deadline(call: i32) i64;
pub extern "wasm_grpc_1" fn log(level: i32, ptr: [*]const u8, len: u32) void;
pub extern "wasm_grpc_1_optional" fn log_call(call: i32, level: i32, text: [*]const u8, text_len: u32, pairs: [*]const u8, pairs_len: u32) i32;
