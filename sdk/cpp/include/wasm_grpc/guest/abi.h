// ABI 1, the functions and numbers of wasm_grpc.h, as the other headers use them, which are built on this one; a guest
// normally uses those.
#pragma once

#include <cstdint>

#include "wasm_grpc.h"

namespace wasm_grpc::guest::abi {

// Results. Values of 0 and more are successes, often a length.
inline constexpr std::int32_t ok = WASM_GRPC_OK;
inline constexpr std::int32_t end = WASM_GRPC_END;
inline constexpr std::int32_t again = WASM_GRPC_AGAIN;
inline constexpr std::int32_t cancelled = WASM_GRPC_CANCELLED;
inline constexpr std::int32_t absent = WASM_GRPC_ABSENT;
inline constexpr std::int32_t closed = WASM_GRPC_CLOSED;
inline constexpr std::int32_t invalid = WASM_GRPC_INVALID;
inline constexpr std::int32_t unsupported = WASM_GRPC_UNSUPPORTED;

// Kinds of method.
inline constexpr std::int32_t unary = WASM_GRPC_UNARY;
inline constexpr std::int32_t client_stream = WASM_GRPC_CLIENT_STREAM;
inline constexpr std::int32_t server_stream = WASM_GRPC_SERVER_STREAM;
inline constexpr std::int32_t bidi_stream = WASM_GRPC_BIDI_STREAM;
inline constexpr std::int32_t http = WASM_GRPC_HTTP;

// Styles of method.
inline constexpr std::int32_t handler_style = WASM_GRPC_HANDLER;
inline constexpr std::int32_t event_style = WASM_GRPC_EVENTS;

// Which instance calls in event style meet.
inline constexpr std::int32_t instance_of_worker = WASM_GRPC_INSTANCE_OF_WORKER;
inline constexpr std::int32_t instance_of_process = WASM_GRPC_INSTANCE_OF_PROCESS;
inline constexpr std::int32_t instance_of_key = WASM_GRPC_INSTANCE_OF_KEY;

// What a module's export wasm_grpc_event(call: i32, event: i32, value: i32) is told of.
inline constexpr std::int32_t event_open = WASM_GRPC_EVENT_OPEN;
inline constexpr std::int32_t event_message = WASM_GRPC_EVENT_MESSAGE;
inline constexpr std::int32_t event_half_close = WASM_GRPC_EVENT_HALF_CLOSE;
inline constexpr std::int32_t event_writable = WASM_GRPC_EVENT_WRITABLE;
inline constexpr std::int32_t event_timer = WASM_GRPC_EVENT_TIMER;
inline constexpr std::int32_t event_cancelled = WASM_GRPC_EVENT_CANCELLED;
// Those of the instance come with this number of no call.
inline constexpr std::int32_t no_call = 0;
inline constexpr std::int32_t event_alarm = WASM_GRPC_EVENT_ALARM;
inline constexpr std::int32_t event_ending = WASM_GRPC_EVENT_ENDING;
// That of what was begun with the store comes with the number of that (wasm_grpc_kv.h).
inline constexpr std::int32_t event_store = 9;

// Interests of wait().
inline constexpr std::int32_t readable = WASM_GRPC_READABLE;
inline constexpr std::int32_t writable = WASM_GRPC_WRITABLE;

// Where metadata_add() adds.
inline constexpr std::int32_t headers = WASM_GRPC_HEADERS;
inline constexpr std::int32_t trailers = WASM_GRPC_TRAILERS;

// What info() tells.
inline constexpr std::int32_t path = WASM_GRPC_PATH;
inline constexpr std::int32_t authority = WASM_GRPC_AUTHORITY;
inline constexpr std::int32_t peer = WASM_GRPC_PEER;
inline constexpr std::int32_t tls_peer = WASM_GRPC_TLS_PEER;
inline constexpr std::int32_t message_encoding = WASM_GRPC_MESSAGE_ENCODING;
inline constexpr std::int32_t http_method = WASM_GRPC_HTTP_METHOD;
inline constexpr std::int32_t end_reason = WASM_GRPC_END_REASON;
inline constexpr std::int32_t tls_names = WASM_GRPC_TLS_NAMES;
inline constexpr std::int32_t content_subtype = WASM_GRPC_CONTENT_SUBTYPE;
inline constexpr std::int32_t token_subject = WASM_GRPC_TOKEN_SUBJECT;
inline constexpr std::int32_t token_claims = WASM_GRPC_TOKEN_CLAIMS;
inline constexpr std::int32_t max_request = WASM_GRPC_MAX_REQUEST;
inline constexpr std::int32_t max_response = WASM_GRPC_MAX_RESPONSE;
inline constexpr std::int32_t max_metadata = WASM_GRPC_MAX_METADATA;
inline constexpr std::int32_t max_memory = WASM_GRPC_MAX_MEMORY;
inline constexpr std::int32_t max_cpu_time = WASM_GRPC_MAX_CPU_TIME;
inline constexpr std::int32_t max_event_time = WASM_GRPC_MAX_EVENT_TIME;

/// What deadline() answers when the client set none.
inline constexpr std::int64_t no_deadline = WASM_GRPC_NO_DEADLINE;

using ::wasm_grpc_1_alarm;
using ::wasm_grpc_1_compress;
using ::wasm_grpc_1_deadline;
using ::wasm_grpc_1_descriptors;
using ::wasm_grpc_1_ending;
using ::wasm_grpc_1_finish;
using ::wasm_grpc_1_headers_send;
using ::wasm_grpc_1_health_set;
using ::wasm_grpc_1_http_status;
using ::wasm_grpc_1_info;
using ::wasm_grpc_1_log;
using ::wasm_grpc_1_log_call;
using ::wasm_grpc_1_metadata_add;
using ::wasm_grpc_1_metadata_get;
using ::wasm_grpc_1_metadata_list;
using ::wasm_grpc_1_method;
using ::wasm_grpc_1_placement;
using ::wasm_grpc_1_recv;
using ::wasm_grpc_1_send;
using ::wasm_grpc_1_timer;
using ::wasm_grpc_1_wait;
using ::wasm_grpc_1_wait_any;
using ::wasm_grpc_1_wait_fd;

}  // namespace wasm_grpc::guest::abi
