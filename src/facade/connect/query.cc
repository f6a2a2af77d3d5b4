#include "facade/connect/query.h"

#include <algorithm>

#include "rpc/base64.h"
#include "rpc/percent.h"

namespace wasm_grpc::facade::connect {

namespace {

std::string decoded(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return rpc::percent_decode(spaced);
}

}  // namespace

std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name || decoded(pair.substr(0, equals)) == name) {
      return decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
  }
  return std::nullopt;
}

bool decode_base64(std::string_view text, std::string& bytes) {
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return rpc::base64_decode(standard, bytes);
}

}  // namespace wasm_grpc::facade::connect
