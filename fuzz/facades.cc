// The facades: a head and a body of a client's, and answers of a handler's, through an exchange; however the body is
// cut, the call gets the same frames.
//
// Input: a byte of which content type, one of the path, one of how the body is cut, one of the head's further fields;
// the rest is the body, and the message that is answered.
#include "facade/facades.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "facade/exchange.h"
#include "facade/frames.h"
#include "facade/grpc_json/exchange.h"
#include "http2/described_service.h"
#include "require.h"
#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "script.h"

namespace wasm_grpc::fuzz {
namespace {

constexpr std::size_t max_message = 4096;
constexpr std::array<std::string_view, 11> types = {
    "application/grpc-web",      "application/grpc-web-text+proto", "application/proto",
    "application/json",          "application/connect+proto",       "application/connect+json",
    "application/grpc-web+xml",  "application/json; charset=utf-8", "",
    "application/grpc-web+json", "application/grpc-web-text+json"};

class Nobody final : public rpc::Handler {
  void start(rpc::Call&) noexcept override {}
};

struct World {
  World() {
    using enum rpc::MethodKind;
    for (const auto& [name, kind] : {std::pair("Unary", unary), std::pair("Spread", server_stream),
                                     std::pair("Collect", client_stream), std::pair("Bidi", bidi_stream)}) {
      require(methods.add({std::string("/test.Test/") + name, kind, &handler}).ok(), "a method is added");
    }
  }
  Nobody handler;
  rpc::MethodTable methods;
  facade::Facades facades = http2::describe_test_service({"*"});
  rpc::BufferPool buffers;
  rpc::Codec codec{buffers};
  facade::Tools tools{facades, codec, max_message};
};

struct Taken {
  std::vector<std::byte> frames;
  bool well = true;
};

/// All of the body, in portions.
Taken take(facade::Exchange& exchange, std::string_view body, std::size_t portion) {
  Taken taken;
  while (!body.empty() && taken.well) {
    const auto piece = body.substr(0, portion);
    body.remove_prefix(piece.size());
    taken.well = exchange.take(std::as_bytes(std::span(piece)), taken.frames).ok();
    require(exchange.held() <= max_message + 64, "what is kept is bounded by a message");
    require(exchange.missing(0) <= 2 * max_message + (std::size_t{64} << 10), "nor is more asked for");
  }
  if (taken.well) taken.well = exchange.end(taken.frames).ok();
  return taken;
}

facade::Opening open(World& world, std::uint8_t type, std::uint8_t path, std::uint8_t fields, std::string_view body,
                     rpc::Metadata& metadata) {
  static constexpr std::array<std::string_view, 5> paths = {"/test.Test/Unary", "/test.Test/Spread",
                                                            "/test.Test/Collect", "/test.Test/Bidi", "/test.Test/No"};
  std::string target(paths[path % paths.size()]);
  if (fields & 1) metadata.add("connect-protocol-version", "1");
  if (fields & 2) metadata.add("content-encoding", "gzip");
  if (fields & 2) metadata.add("connect-content-encoding", "gzip");
  if (fields & 4) metadata.add("accept-encoding", "gzip");
  if (fields & 4) metadata.add("connect-accept-encoding", "gzip");
  if (fields & 8) metadata.add("connect-timeout-ms", body.substr(0, 12));
  if (fields & 16) metadata.add("content-length", std::to_string(body.size()));
  const bool get = (fields & 32) != 0;
  if (get) target.append("?connect=v1&").append(body);
  const rpc::Status fine;
  return facade::open({get ? "GET" : "POST",
                       target,
                       types[type % types.size()],
                       metadata,
                       fine,
                       rpc::Encoding::identity,
                       {},
                       std::nullopt},
                      world.methods, world.tools);
}

void answer(facade::Exchange& exchange, std::string_view message, bool well) {
  rpc::Response response;
  std::vector<std::byte> frames;
  facade::append_frame(frames, std::byte{0}, std::as_bytes(std::span(message)));
  if (!well) response.status = {rpc::StatusCode::not_found, std::string(message.substr(0, 100))};
  response.trailers.add("grpc-status-details-bin", message);
  std::string body;
  if (well && !exchange.passes_frames()) {
    if (rpc::Status status = exchange.translate(frames, body); !status.ok()) response.status = std::move(status);
  }
  exchange.finish(response, body);
  rpc::Metadata fields;
  const int status = exchange.head(response, fields);
  require(status >= 200 && status < 600, "it is an HTTP status");
  require(fields.get("content-type").has_value(), "an answer says what it is");
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using namespace wasm_grpc::fuzz;
  static World world;
  Input input({data, size});
  const std::uint8_t type = input.byte();
  const std::uint8_t path = input.byte();
  const std::size_t portion = std::size_t{1} + input.byte();
  const std::uint8_t fields = input.byte();
  const std::string body(input.rest());

  rpc::Metadata first_fields;
  rpc::Metadata second_fields;
  auto first = open(world, type, path, fields, body, first_fields);
  auto second = open(world, type, path, fields, body, second_fields);
  require((first.exchange == nullptr) == (second.exchange == nullptr), "the same head is opened the same way");
  if (type == types.size()) {
    rpc::EncodingSet accepted;
    if ((fields & 1U) != 0) accepted.add(rpc::Encoding::gzip);
    first.exchange = facade::grpc_json::open("/test.Test/Bidi", rpc::Encoding::gzip, accepted, world.tools);
    second.exchange = facade::grpc_json::open("/test.Test/Bidi", rpc::Encoding::gzip, accepted, world.tools);
  }
  if (first.exchange == nullptr) return 0;
  const Taken cut = take(*first.exchange, body, portion);
  const Taken whole = take(*second.exchange, body, body.size() + 1);
  require(cut.well == whole.well, "whether a body is well-formed does not depend on how it is cut");
  if (cut.well) require(cut.frames == whole.frames, "nor do its frames");
  answer(*first.exchange, body, true);
  answer(*second.exchange, body, false);
  return 0;
}
