#include "rpc/timeout.h"

#include <cstdint>

namespace wasm_grpc::rpc {

std::optional<std::chrono::nanoseconds> parse_timeout(std::string_view text) noexcept {
  constexpr std::size_t max_digits = 8;
  if (text.size() < 2 || text.size() > max_digits + 1) return std::nullopt;
  std::int64_t amount = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    amount = amount * 10 + (c - '0');
  }
  std::int64_t unit = 0;
  switch (text.back()) {
    case 'H':
      unit = 3'600'000'000'000;
      break;
    case 'M':
      unit = 60'000'000'000;
      break;
    case 'S':
      unit = 1'000'000'000;
      break;
    case 'm':
      unit = 1'000'000;
      break;
    case 'u':
      unit = 1'000;
      break;
    case 'n':
      unit = 1;
      break;
    default:
      return std::nullopt;
  }
  if (amount > std::chrono::nanoseconds::max().count() / unit) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(amount * unit);
}

std::string over_time_text(std::chrono::milliseconds limit) {
  return "it took longer than the " + std::to_string(limit.count()) + " ms a call may take here";
}

Status ended_by_server(const std::string& why) {
  return {StatusCode::deadline_exceeded, "the server ended the call: " + why};
}

}  // namespace wasm_grpc::rpc
