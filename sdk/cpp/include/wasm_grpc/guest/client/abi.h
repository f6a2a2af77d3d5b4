// wasm_grpc_client_1, the functions and numbers of wasm_grpc_client.h, as the other headers of this folder use them; a
// guest normally uses those.
#pragma once

#include <cstdint>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc_client.h"

namespace wasm_grpc::guest::abi {

// Results besides those of ABI 1.
inline constexpr std::int32_t full = WASM_GRPC_FULL;

// What a call that the guest made can be waited for.
inline constexpr std::int32_t client_readable = WASM_GRPC_CLIENT_READABLE;
inline constexpr std::int32_t client_writable = WASM_GRPC_CLIENT_WRITABLE;
inline constexpr std::int32_t client_headers = WASM_GRPC_CLIENT_HEADERS;
inline constexpr std::int32_t client_ended = WASM_GRPC_CLIENT_ENDED;

// What the export wasm_grpc_event is told of such a call.
inline constexpr std::int32_t event_client = WASM_GRPC_EVENT_CLIENT;

// What client info() tells.
inline constexpr std::int32_t client_status_message = WASM_GRPC_CLIENT_STATUS_MESSAGE;
inline constexpr std::int32_t client_status_details = WASM_GRPC_CLIENT_STATUS_DETAILS;

inline constexpr std::int64_t no_timeout = WASM_GRPC_NO_TIMEOUT;

using ::wasm_grpc_client_1_cancel;
using ::wasm_grpc_client_1_close;
using ::wasm_grpc_client_1_half_close;
using ::wasm_grpc_client_1_info;
using ::wasm_grpc_client_1_metadata_list;
using ::wasm_grpc_client_1_open;
using ::wasm_grpc_client_1_recv;
using ::wasm_grpc_client_1_require;
using ::wasm_grpc_client_1_send;
using ::wasm_grpc_client_1_status;
using ::wasm_grpc_client_1_wait_any;

}  // namespace wasm_grpc::guest::abi
