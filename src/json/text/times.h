// google.protobuf.Timestamp (RFC 3339), Duration and FieldMask as JSON writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::json {

/// What a Timestamp and a Duration consist of.
struct Time {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

/// "1972-01-01T10:00:20.021Z", also with another offset. Nothing when it is no such text, or out of the range of years
/// 1 to 9999.
[[nodiscard]] std::optional<Time> timestamp_of(std::string_view text) noexcept;
/// "-1.5s". Nothing when it is no such text, or over 10,000 years.
[[nodiscard]] std::optional<Time> duration_of(std::string_view text) noexcept;

/// Writes a text at `to`, which has room for 40 characters, with quotes. Returns its end; nullptr when the time is out
/// of range.
[[nodiscard]] char* write_timestamp(Time time, char* to) noexcept;
[[nodiscard]] char* write_duration(Time time, char* to) noexcept;

/// A path of a FieldMask, "user.display_name", as JSON writes it, "user.displayName", and back; appends to `out`. False
/// when it would not come back as it was.
[[nodiscard]] bool camel_path(std::string_view path, std::string& out);
[[nodiscard]] bool snake_path(std::string_view path, std::string& out);

}  // namespace wasm_grpc::json
