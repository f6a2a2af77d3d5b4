// grpc.testing.TestService (grpc/testing/test.proto) as a guest: the server's side of gRPC's interoperability tests
// (grpc/doc/interop-test-descriptions.md). Not meant for anything else.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test_service.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace grpc::testing;

namespace {

// What a client may ask us to hold at once.
constexpr std::int32_t max_response_size = 16 << 20;
constexpr std::size_t max_half_duplex_bytes = 4 << 20;

Status wrong_size(std::int32_t size) {
  return Status::invalid_argument("a response of " + std::to_string(size) + " bytes was asked for; 0 to " +
                                  std::to_string(max_response_size) + " are possible");
}

Status unknown_type(std::int32_t type) {
  return Status::invalid_argument("a payload of type " + std::to_string(type) + " was asked for; 0 is the only one");
}

bool is_possible(std::int32_t size) { return size >= 0 && size <= max_response_size; }

/// "Echo Metadata": two keys come back, one as a header and one as a trailer.
void echo_metadata(const Context& context) {
  constexpr std::string_view initial = "x-grpc-test-echo-initial";
  constexpr std::string_view trailing = "x-grpc-test-echo-trailing-bin";
  if (const auto value = context.metadata(initial)) context.add_header(initial, *value);
  if (const auto value = context.metadata(trailing)) context.add_trailer(trailing, *value);
}

bool is_true(const std::optional<BoolValue>& value) { return value && value->value; }

/// "CompressedRequest": whether the message received last came as the request says it does.
bool came_as_expected(const Context& context, const std::optional<BoolValue>& expect_compressed) {
  return !expect_compressed || expect_compressed->value == (context.message_encoding() != "identity");
}

Status unexpected_compression(const std::optional<BoolValue>& expected) {
  return Status::invalid_argument(is_true(expected) ? "the request says it is compressed, and it is not"
                                                    : "the request says it is not compressed, and it is");
}

/// "Echo Status".
Status to_status(const EchoStatus& echo) {
  if (echo.code < 0 || echo.code > static_cast<std::int32_t>(StatusCode::unauthenticated)) {
    return Status::unknown(echo.message);
  }
  return Status(static_cast<StatusCode>(echo.code), echo.message);
}

/// A payload of that many zeros.
Payload zeros(std::int32_t size) { return {.body = std::string(static_cast<std::size_t>(size), '\0')}; }

/// What one request asks for: its status if it names one, else its responses, one by one.
Status respond(const Context& context, const StreamingOutputCallRequest& request,
               MessageWriter<StreamingOutputCallResponse>& out) {
  if (request.response_status && request.response_status->code != 0) return to_status(*request.response_status);
  if (request.response_type != 0) return unknown_type(request.response_type);
  // The headers, which leave with the first response, have to announce compression, even if only later ones need it.
  if (std::ranges::any_of(request.response_parameters, is_true, &ResponseParameters::compressed)) {
    context.compress(true);
  }
  for (const ResponseParameters& response : request.response_parameters) {
    if (!is_possible(response.size)) return wrong_size(response.size);
    if (response.interval_us > 0 && !context.sleep_for(std::chrono::microseconds(response.interval_us))) {
      return Status::cancelled();
    }
    context.compress(is_true(response.compressed));
    if (!out.write({.payload = zeros(response.size)})) return Status::cancelled();
  }
  return Status::ok();
}

class InteropService : public TestService {
 public:
  Result<Empty> EmptyCall(Context&, const Empty&) override { return Empty(); }

  Result<SimpleResponse> UnaryCall(Context& context, const SimpleRequest& request) override {
    if (!came_as_expected(context, request.expect_compressed)) {
      return unexpected_compression(request.expect_compressed);
    }
    echo_metadata(context);
    if (request.response_status && request.response_status->code != 0) return to_status(*request.response_status);
    if (request.response_type != 0) return unknown_type(request.response_type);
    if (!is_possible(request.response_size)) return wrong_size(request.response_size);
    // "CompressedResponse". A client that accepts no compression gets the response without.
    if (is_true(request.response_compressed)) context.compress(true);
    return SimpleResponse{.payload = zeros(request.response_size)};
  }

  /// The time, which a proxy may repeat for a minute.
  Result<SimpleResponse> CacheableUnaryCall(Context& context, const SimpleRequest&) override {
    context.add_header("cache-control", "max-age=60, public");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return SimpleResponse{.payload = Payload{.body = std::to_string(std::chrono::nanoseconds(now).count())}};
  }

  Result<StreamingInputCallResponse> StreamingInputCall(Context& context,
                                                        MessageReader<StreamingInputCallRequest>& in) override {
    std::int32_t aggregated = 0;
    for (const StreamingInputCallRequest& request : in) {
      if (!came_as_expected(context, request.expect_compressed)) {
        return unexpected_compression(request.expect_compressed);
      }
      const std::size_t size = request.payload ? request.payload->body.size() : 0;
      if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() - aggregated)) {
        return Status::out_of_range("the payloads are more than 2 GiB together, which the response cannot say");
      }
      aggregated += static_cast<std::int32_t>(size);
    }
    return StreamingInputCallResponse{.aggregated_payload_size = aggregated};
  }

  Status StreamingOutputCall(Context& context, const StreamingOutputCallRequest& request,
                             MessageWriter<StreamingOutputCallResponse>& out) override {
    return respond(context, request, out);
  }

  Status FullDuplexCall(Context& context, MessageReader<StreamingOutputCallRequest>& in,
                        MessageWriter<StreamingOutputCallResponse>& out) override {
    echo_metadata(context);
    for (const StreamingOutputCallRequest& request : in) {
      if (Status status = respond(context, request, out); !status.is_ok()) return status;
    }
    return Status::ok();
  }

  /// All requests first, then their responses.
  Status HalfDuplexCall(Context& context, MessageReader<StreamingOutputCallRequest>& in,
                        MessageWriter<StreamingOutputCallResponse>& out) override {
    echo_metadata(context);
    std::vector<std::string> kept;  // as bytes, whose size is what the client sent; structs are larger
    std::size_t size = 0;
    for (const StreamingOutputCallRequest& request : in) {
      kept.push_back(encode(request));
      size += sizeof(std::string) + kept.back().size();
      if (size > max_half_duplex_bytes) return Status::resource_exhausted("the requests are more than 4 MiB together");
    }
    if (in.cancelled() || in.malformed()) return Status::cancelled();
    for (const std::string& bytes : kept) {
      StreamingOutputCallRequest request;
      if (!decode(bytes, request)) return Status::internal("a request that was encoded cannot be decoded");
      if (Status status = respond(context, request, out); !status.is_ok()) return status;
    }
    return Status::ok();
  }
};

}  // namespace

// UnimplementedCall is not overridden, nor is grpc.testing.UnimplementedService here: that is what their tests are
// about.
WASM_GRPC_SERVICES(registry) { registry.serve<InteropService>(); }
