// The bridge from HTTP/1.1: what it gives the server is HTTP/2, and does not depend on how the client's bytes are cut.
//
// Input: one byte of options, one for the size of portions; the rest is what the client sends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http1/bridge.h"
#include "http1/server.h"
#include "require.h"
#include "script.h"

namespace wasm_grpc::fuzz {
namespace {

struct Outcome {
  std::vector<http1::Request> requests;
  std::string answer;
  bool over = false;
};

/// Answers with what came, in the way the options say.
http1::Reply reply(const http1::Request& request, std::uint8_t options) {
  http1::Reply reply{.body = request.body, .trailers = {}};
  if (options & 1) reply.fields.emplace_back("content-length", std::to_string(request.body.size()));
  if (options & 2) reply.trailers.emplace_back("a", "b");
  return reply;
}

Outcome converse(std::string_view text, std::size_t portion, std::uint8_t options) {
  http1::Bridge bridge("http", 512);
  http1::Server server(bridge, [&](const http1::Request& request) { return reply(request, options); });
  while (!text.empty() && bridge.wants_input()) {
    server.client_sends(text.substr(0, portion));
    text.remove_prefix(std::min(portion, text.size()));
  }
  require(!server.broken(), "what the server gets is HTTP/2");
  if (options & 4) server.say_goodbye();
  require(!(options & 4) || bridge.is_over() || server.requests().empty() || !server.requests().back().ended,
          "a connection that the server leaves is over after its last answer");
  return {server.requests(), http1::written(bridge), bridge.is_over()};
}

/// Requests that were cut off by what is malformed behind them may have come or not.
std::vector<http1::Request> whole(std::vector<http1::Request> requests) {
  std::erase_if(requests, [](const http1::Request& request) { return !request.ended; });
  return requests;
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc::fuzz;
  Input input({data, size});
  const std::uint8_t options = input.byte();
  const std::size_t portion = std::size_t{1} + input.byte();
  const std::string_view text = input.rest();
  if (text.size() > 16'384) return 0;
  const Outcome at_once = converse(text, 65'536, options);
  const Outcome in_portions = converse(text, portion, options);
  require(whole(at_once.requests) == whole(in_portions.requests), "requests do not depend on how the bytes are cut");
  // The other way round it may wait for the end of a head of which it could know that it is malformed.
  require(at_once.over || !in_portions.over, "what ends a connection in portions ends it at once too");
  return 0;
}
