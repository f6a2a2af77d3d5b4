// The module wasm_grpc_client_1: its names and numbers beside those of ABI 1. docs/client.md is its text. Released
// numbers never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "abi/v1/numbers.h"

namespace wasm_grpc::abi::client_1 {

using v1::Answer;
using enum v1::Answer;

inline constexpr std::string_view import_module = "wasm_grpc_client_1";

inline constexpr std::int32_t FULL = -9;

inline constexpr std::uint32_t readable = 1;
inline constexpr std::uint32_t writable = 2;
inline constexpr std::uint32_t headers = 4;
inline constexpr std::uint32_t ended = 8;
inline constexpr std::uint32_t all_interests = readable | writable | headers | ended;

inline constexpr std::int32_t info_status_message = 0;
inline constexpr std::int32_t info_status_details = 1;

inline constexpr std::int32_t no_parent = 0;

inline constexpr std::size_t max_target_name_bytes = 256;
/// Of what a start says that it needs, for whoever looks at the module.
inline constexpr std::size_t max_noted_targets = 256;
/// Of keys and values of a request.
inline constexpr std::size_t max_request_metadata = std::size_t{16} << 10;
/// Calls that an instance may have.
inline constexpr std::size_t max_calls_of_handler = 1024;
inline constexpr std::size_t max_calls_of_events = 16'384;

}  // namespace wasm_grpc::abi::client_1
