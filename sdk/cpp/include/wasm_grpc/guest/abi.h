// ABI 1 as C declarations, exactly as docs/abi.md has it. The other headers are built on this one; a guest normally
// uses those. Outside of wasm these are plain functions, for whoever links the guest into a native test to define.
#pragma once

#include <cstdint>
#include <limits>

namespace wasm_grpc::guest::abi {

// Results. Values of 0 and more are successes, often a length.
inline constexpr std::int32_t ok = 0;
inline constexpr std::int32_t end = -1;
inline constexpr std::int32_t again = -2;
inline constexpr std::int32_t cancelled = -3;
inline constexpr std::int32_t absent = -4;
inline constexpr std::int32_t closed = -5;
inline constexpr std::int32_t invalid = -6;
inline constexpr std::int32_t unsupported = -7;

// Kinds of method.
inline constexpr std::int32_t unary = 0;
inline constexpr std::int32_t client_stream = 1;
inline constexpr std::int32_t server_stream = 2;
inline constexpr std::int32_t bidi_stream = 3;

// Styles of method.
inline constexpr std::int32_t handler_style = 0;
inline constexpr std::int32_t event_style = 1;

// Which instance calls in event style meet.
inline constexpr std::int32_t instance_of_worker = 0;
inline constexpr std::int32_t instance_of_process = 1;
inline constexpr std::int32_t instance_of_key = 2;

// What a module's export wasm_grpc_event(call: i32, event: i32, value: i32) is told of.
inline constexpr std::int32_t event_open = 0;
inline constexpr std::int32_t event_message = 1;
inline constexpr std::int32_t event_half_close = 2;
inline constexpr std::int32_t event_writable = 3;
inline constexpr std::int32_t event_timer = 4;
inline constexpr std::int32_t event_cancelled = 5;

// Interests of wait().
inline constexpr std::int32_t readable = 1;
inline constexpr std::int32_t writable = 2;

// Where metadata_add() adds.
inline constexpr std::int32_t headers = 0;
inline constexpr std::int32_t trailers = 1;

// What info() tells.
inline constexpr std::int32_t path = 0;
inline constexpr std::int32_t authority = 1;
inline constexpr std::int32_t peer = 2;
inline constexpr std::int32_t tls_peer = 3;
inline constexpr std::int32_t message_encoding = 4;

/// What deadline() answers when the client set none.
inline constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

#if defined(__wasm__)
#define WASM_GRPC_IMPORT(name) __attribute__((import_module("wasm_grpc_1"), import_name(name)))
#define WASM_GRPC_EXPORT(name) __attribute__((export_name(name)))
#else
#define WASM_GRPC_IMPORT(name)
#define WASM_GRPC_EXPORT(name)
#endif

extern "C" {
WASM_GRPC_IMPORT("method")
std::int32_t wasm_grpc_1_method(const void* path, std::uint32_t path_len, std::int32_t kind, std::int32_t style,
                                std::int32_t tag);
WASM_GRPC_IMPORT("placement")
std::int32_t wasm_grpc_1_placement(std::int32_t where, const void* key, std::uint32_t key_len);
WASM_GRPC_IMPORT("descriptors") std::int32_t wasm_grpc_1_descriptors(const void* ptr, std::uint32_t len);
WASM_GRPC_IMPORT("health_set")
std::int32_t wasm_grpc_1_health_set(const void* service, std::uint32_t service_len, std::int32_t serving);
WASM_GRPC_IMPORT("recv") std::int32_t wasm_grpc_1_recv(std::int32_t call, void* ptr, std::uint32_t cap);
WASM_GRPC_IMPORT("send") std::int32_t wasm_grpc_1_send(std::int32_t call, const void* ptr, std::uint32_t len);
WASM_GRPC_IMPORT("wait")
std::int32_t wasm_grpc_1_wait(std::int32_t call, std::int32_t interests, std::int64_t timeout_ns);
WASM_GRPC_IMPORT("finish")
std::int32_t wasm_grpc_1_finish(std::int32_t call, std::int32_t code, const void* message, std::uint32_t message_len);
WASM_GRPC_IMPORT("metadata_get")
std::int32_t wasm_grpc_1_metadata_get(std::int32_t call, const void* key, std::uint32_t key_len, std::int32_t index,
                                      void* value, std::uint32_t cap);
WASM_GRPC_IMPORT("metadata_list")
std::int32_t wasm_grpc_1_metadata_list(std::int32_t call, void* ptr, std::uint32_t cap);
WASM_GRPC_IMPORT("metadata_add")
std::int32_t wasm_grpc_1_metadata_add(std::int32_t call, std::int32_t where, const void* key, std::uint32_t key_len,
                                      const void* value, std::uint32_t value_len);
WASM_GRPC_IMPORT("timer") std::int32_t wasm_grpc_1_timer(std::int32_t call, std::int64_t timeout_ns);
WASM_GRPC_IMPORT("headers_send") std::int32_t wasm_grpc_1_headers_send(std::int32_t call);
WASM_GRPC_IMPORT("compress") std::int32_t wasm_grpc_1_compress(std::int32_t call, std::int32_t on);
WASM_GRPC_IMPORT("info")
std::int32_t wasm_grpc_1_info(std::int32_t call, std::int32_t what, void* ptr, std::uint32_t cap);
WASM_GRPC_IMPORT("deadline") std::int64_t wasm_grpc_1_deadline(std::int32_t call);
WASM_GRPC_IMPORT("log") void wasm_grpc_1_log(std::int32_t level, const void* ptr, std::uint32_t len);
}

}  // namespace wasm_grpc::guest::abi
