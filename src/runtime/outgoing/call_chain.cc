#include "runtime/outgoing/call_chain.h"

#include <algorithm>

namespace wasm_grpc::runtime {

namespace {
constexpr std::string_view scheme = "module:";
constexpr char separator = '>';
}  // namespace

std::string_view chain_of(const rpc::Call* call) noexcept {
  if (call == nullptr) return {};
  const std::string_view peer = call->peer();
  return peer.starts_with(scheme) ? peer.substr(scheme.size()) : std::string_view();
}

std::string chain_with(std::string_view chain, std::string_view caller) {
  std::string longer(chain);
  if (!longer.empty()) longer += separator;
  return longer.append(caller);
}

std::size_t chain_depth(std::string_view chain) noexcept {
  return chain.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(chain.begin(), chain.end(), separator));
}

std::size_t count_in_chain(std::string_view chain, std::string_view module) noexcept {
  std::size_t count = 0;
  while (!chain.empty()) {
    const std::string_view name = chain.substr(0, chain.find(separator));
    if (name == module) ++count;
    chain.remove_prefix(std::min(chain.size(), name.size() + 1));
  }
  return count;
}

std::string describe_chain(std::string_view chain, std::string_view called) {
  std::string text;
  for (const char letter : chain_with(chain, called)) {
    if (letter == separator) {
      text += " > ";
    } else {
      text += letter;
    }
  }
  return text;
}

std::string address_of_chain(std::string_view chain) { return std::string(scheme).append(chain); }

}  // namespace wasm_grpc::runtime
