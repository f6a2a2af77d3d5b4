// ABI 1: its names and numbers. docs/abi.md is its text. Released numbers never change.
#pragma once

#include <cstdint>
#include <string_view>

namespace wasm_grpc::abi::v1 {

inline constexpr std::string_view import_module = "wasm_grpc_1";
/// Functions of import_module, and any others: those the host does not know answer UNSUPPORTED.
inline constexpr std::string_view optional_import_module = "wasm_grpc_1_optional";
inline constexpr std::string_view start_export = "wasm_grpc_start";
inline constexpr std::string_view call_export = "wasm_grpc_call";
inline constexpr std::string_view event_export = "wasm_grpc_event";

enum Answer : std::int32_t {
  OK = 0,
  END = -1,
  AGAIN = -2,
  CANCELLED = -3,
  ABSENT = -4,
  CLOSED = -5,
  INVALID = -6,
  UNSUPPORTED = -7,
};

inline constexpr std::int32_t wait_readable = 1;
inline constexpr std::int32_t wait_writable = 2;

inline constexpr std::int32_t metadata_headers = 0;
inline constexpr std::int32_t metadata_trailers = 1;

inline constexpr std::int32_t info_path = 0;
inline constexpr std::int32_t info_authority = 1;
inline constexpr std::int32_t info_peer = 2;
inline constexpr std::int32_t info_tls_peer = 3;
inline constexpr std::int32_t info_message_encoding = 4;
inline constexpr std::int32_t info_http_method = 5;

// The styles, placements and events are abi::Style, abi::Placement and abi::Event.

inline constexpr std::size_t max_descriptor_sets = 1000;
inline constexpr std::size_t max_status_message_bytes = std::size_t{8} << 10;
inline constexpr std::size_t max_log_bytes = std::size_t{8} << 10;

}  // namespace wasm_grpc::abi::v1
