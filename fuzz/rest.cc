// Requests of REST: which method they mean, and the message that they are.
//
// The first byte chooses the HTTP method, the line that follows is the target, and what is behind it the body.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "facade/rest/library.h"
#include "facade/rest/transcode.h"
#include "require.h"

namespace {

using namespace wasm_grpc;
using namespace wasm_grpc::facade;

struct Served {
  Served() { fuzz::require(library.add(routes, "Library").empty(), "the rules of the library make sense"); }
  rest::test::Library library;
  rest::Routes routes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Served served;
  if (size == 0) return 0;
  constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "REPORT", "BREW", ""};
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view target = rest.substr(0, rest.find('\n'));
  const std::string_view body = rest.substr(std::min(rest.size(), target.size() + 1));
  const rest::Match match = served.routes.find(methods[data[0] % std::size(methods)], target);
  if (match.rule == nullptr) {
    fuzz::require(match.captures.empty(), "what is not found has no captures");
    return 0;
  }
  fuzz::require(match.allow.empty() && match.captures.size() == match.rule->captures.size(), "all captures are there");
  std::vector<std::byte> message(3);
  const json::ReadOptions options{.max_size = 1 << 16, .ignore_unknown_fields = (data[0] & 0x80) != 0};
  if (const auto error = rest::make_request(match, body, message, options)) {
    fuzz::require(!error->empty() && error->size() < 4096, "an error is a sentence");
    fuzz::require(message.size() == 3, "what is wrong leaves nothing behind");
    return 0;
  }
  std::string text;
  const auto error = json::write(*match.rule->request, std::span(message).subspan(3), text, {.max_depth = 200});
  fuzz::require(!error, "what was made is a request");
  text.clear();
  static_cast<void>(rest::make_reply(*match.rule, std::span(message).subspan(3), text));
  return 0;
}
