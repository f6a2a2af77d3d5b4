// Metadata that goes back to the client, and what is said when the host does not take it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/log.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest::detail {

inline constexpr std::string_view status_details_key = "grpc-status-details-bin";

/// Why the host may have refused it; it does not say.
[[nodiscard]] inline std::string_view why_refused(std::int32_t where, std::string_view key, std::string_view value) {
  const auto is_of_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_of_key)) {
    return "a key is of lower-case letters, digits, '_', '-' and '.'";
  }
  if (!key.ends_with("-bin") && !std::all_of(value.begin(), value.end(), is_printable)) {
    return "a value is printable ASCII, or its key ends in -bin";
  }
  return where == abi::headers
             ? "the headers have left, the key is gRPC's own, or there is more than 16 KiB of metadata"
             : "the key is gRPC's own, or there is more than 16 KiB of metadata";
}

/// Adds to the headers or trailers. False when it was not done: the client is gone or has its status, or the host
/// refuses it, which is said in the log.
inline bool add_metadata(std::int32_t call, std::int32_t where, std::string_view key, std::string_view value) {
  const std::int32_t result =
      abi::wasm_grpc_1_metadata_add(call, where, key.data(), static_cast<std::uint32_t>(key.size()), value.data(),
                                    static_cast<std::uint32_t>(value.size()));
  if (result == abi::invalid) {
    const std::string line = std::string(where == abi::headers ? "a header was" : "a trailer was")
                                 .append(" left out: ")
                                 .append(why_refused(where, key, value));
    const std::string size = std::to_string(value.size());
    const LogField fields[] = {{"key", key}, {"value_bytes", size}};
    if (!log_call(call, LogLevel::warn, line, fields)) log(LogLevel::warn, line);
  }
  return result == abi::ok;
}

/// The details of a status, as a trailer.
inline void add_details(std::int32_t call, const Status& status) {
  if (!status.details().empty()) (void)add_metadata(call, abi::trailers, status_details_key, status.details());
}

}  // namespace wasm_grpc::guest::detail
