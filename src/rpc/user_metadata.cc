#include "rpc/user_metadata.h"

#include <algorithm>

namespace wasm_grpc::rpc {

namespace {

// The body is as long as the messages are: a length that is said and not kept makes the answer malformed (RFC 9113,
// 8.1.1). Handlers that send back all they get come by it, since some clients say a length.
constexpr std::string_view length_key = "content-length";

std::string_view without_outer_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

bool add_user_metadata(Metadata& target, std::size_t used, std::size_t most, std::string_view key,
                       std::string_view value, KeyRule rule) {
  // Before anything looks at their bytes, of which there may be megabytes. Spaces around a value do not count.
  if (key.size() > most || value.size() > 4 * most) return false;
  if ((rule == KeyRule::users && !is_valid_key(key)) || key == length_key) return false;
  if (!is_binary_key(key)) {
    if (!is_valid_ascii_value(value)) return false;
    // HTTP/2 peers treat a field with outer spaces as malformed (RFC 9113, 8.2.1); gRPC lets senders strip them.
    value = without_outer_spaces(value);
  }
  if (key.size() + value.size() > most - std::min(used, most)) return false;
  target.add(key, value);
  return true;
}

}  // namespace wasm_grpc::rpc
