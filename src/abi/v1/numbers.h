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
inline constexpr std::int32_t info_end = 6;
inline constexpr std::int32_t info_tls_names = 7;
inline constexpr std::int32_t info_content_subtype = 8;
inline constexpr std::int32_t info_token_subject = 9;
inline constexpr std::int32_t info_token_claims = 10;
// Limits, each a number of 8 bytes.
inline constexpr std::int32_t info_max_request = 32;
inline constexpr std::int32_t info_max_response = 33;
inline constexpr std::int32_t info_max_metadata = 34;
inline constexpr std::int32_t info_max_memory = 35;
inline constexpr std::int32_t info_max_cpu_time = 36;
inline constexpr std::int32_t info_max_event_time = 37;

// The styles, placements and events are abi::Style, abi::Placement and abi::Event.

/// What wait_any() is given and writes, as it lies in memory.
struct WaitEntry {
  std::int32_t call;
  std::uint32_t interests;
  std::int32_t ready;
};
static_assert(sizeof(WaitEntry) == 12);

/// Calls that wait_any() waits for at once.
inline constexpr std::uint32_t max_wait_entries = 1024;

inline constexpr std::size_t max_descriptor_sets = 1000;
inline constexpr std::size_t max_status_message_bytes = std::size_t{8} << 10;
inline constexpr std::size_t max_log_bytes = std::size_t{8} << 10;
/// Of the pairs of log_call().
inline constexpr std::size_t max_log_pairs_bytes = std::size_t{8} << 10;
inline constexpr std::size_t max_log_key_bytes = 64;

}  // namespace wasm_grpc::abi::v1
