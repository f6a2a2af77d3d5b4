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

#include "messages.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace interop;

namespace {

// What a client may ask us to hold at once.
constexpr std::int32_t max_response_size = 16 << 20;
constexpr std::size_t max_half_duplex_bytes = 4 << 20;

Status malformed(std::string_view type) {
  return Status::invalid_argument(std::string("the request is not a grpc.testing.").append(type));
}

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

/// "CompressedRequest": whether the message received last came as the request says it does.
bool came_as_expected(const Context& context, std::optional<bool> expect_compressed) {
  return !expect_compressed || *expect_compressed == (context.message_encoding() != "identity");
}

Status unexpected_compression(bool expected) {
  return Status::invalid_argument(expected ? "the request says it is compressed, and it is not"
                                           : "the request says it is not compressed, and it is");
}

/// "Echo Status".
Status to_status(const EchoStatus& echo) {
  if (echo.code < 0 || echo.code > static_cast<std::int32_t>(StatusCode::unauthenticated)) {
    return Status::unknown(std::string(echo.message));
  }
  return Status(static_cast<StatusCode>(echo.code), std::string(echo.message));
}

Reply unary_call(Context& context, Bytes bytes) {
  SimpleRequest request;
  if (!parse(wire::Reader(bytes), request)) return malformed("SimpleRequest");
  if (!came_as_expected(context, request.expect_compressed)) return unexpected_compression(*request.expect_compressed);
  echo_metadata(context);
  if (request.response_status && request.response_status->code != 0) return to_status(*request.response_status);
  if (request.response_type != 0) return unknown_type(request.response_type);
  if (!is_possible(request.response_size)) return wrong_size(request.response_size);
  // "CompressedResponse". A client that accepts no compression gets the response without.
  if (request.response_compressed) context.compress(true);
  return write_zeros(static_cast<std::size_t>(request.response_size), context.scratch());
}

/// The time, which a proxy may repeat for a minute.
Reply cacheable_unary_call(Context& context, Bytes) {
  context.add_header("cache-control", "max-age=60, public");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return write_payload(std::to_string(std::chrono::nanoseconds(now).count()), context.scratch());
}

Reply streaming_input_call(Context& context, Reader& in) {
  std::int32_t aggregated = 0;
  for (Bytes bytes : in) {
    StreamingInputCallRequest request;
    if (!parse(wire::Reader(bytes), request)) return malformed("StreamingInputCallRequest");
    if (!came_as_expected(context, request.expect_compressed)) {
      return unexpected_compression(*request.expect_compressed);
    }
    if (request.payload.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() - aggregated)) {
      return Status::out_of_range("the payloads are more than 2 GiB together, which the response cannot say");
    }
    aggregated += static_cast<std::int32_t>(request.payload.size());
  }
  if (in.cancelled()) return Status::cancelled();
  return write_aggregated_size(aggregated, context.scratch());
}

/// What one request asks for: its status if it names one, else its responses, one by one.
Status respond(Context& context, const StreamingOutputCallRequest& request, Writer& out) {
  if (request.response_status && request.response_status->code != 0) return to_status(*request.response_status);
  if (request.response_type != 0) return unknown_type(request.response_type);
  // The headers, which leave with the first response, have to announce compression, even if only later ones need it.
  if (std::ranges::any_of(request.response_parameters, &ResponseParameters::compressed)) context.compress(true);
  for (const ResponseParameters& response : request.response_parameters) {
    if (!is_possible(response.size)) return wrong_size(response.size);
    if (response.interval_us > 0 && !context.sleep_for(std::chrono::microseconds(response.interval_us))) {
      return Status::cancelled();
    }
    context.compress(response.compressed);
    if (!out.write(write_zeros(static_cast<std::size_t>(response.size), context.scratch()))) {
      return Status::cancelled();
    }
  }
  return Status::ok();
}

Status streaming_output_call(Context& context, Bytes bytes, Writer& out) {
  StreamingOutputCallRequest request;
  if (!parse(wire::Reader(bytes), request)) return malformed("StreamingOutputCallRequest");
  return respond(context, request, out);
}

Status full_duplex_call(Context& context, Reader& in, Writer& out) {
  echo_metadata(context);
  for (Bytes bytes : in) {
    StreamingOutputCallRequest request;
    if (!parse(wire::Reader(bytes), request)) return malformed("StreamingOutputCallRequest");
    if (Status status = respond(context, request, out); !status.is_ok()) return status;
  }
  return in.cancelled() ? Status::cancelled() : Status::ok();
}

/// All requests first, then their responses.
Status half_duplex_call(Context& context, Reader& in, Writer& out) {
  echo_metadata(context);
  std::vector<std::string> kept;
  std::size_t size = 0;
  for (Bytes bytes : in) {
    size += sizeof(std::string) + bytes.size();
    if (size > max_half_duplex_bytes) return Status::resource_exhausted("the requests are more than 4 MiB together");
    kept.push_back(bytes.copy());
  }
  if (in.cancelled()) return Status::cancelled();
  for (const std::string& bytes : kept) {
    StreamingOutputCallRequest request;
    if (!parse(wire::Reader(Bytes(bytes)), request)) return malformed("StreamingOutputCallRequest");
    if (Status status = respond(context, request, out); !status.is_ok()) return status;
  }
  return Status::ok();
}

}  // namespace

// UnimplementedCall is not here, nor is grpc.testing.UnimplementedService: that is what their tests are about.
WASM_GRPC_SERVICES(registry) {
  registry.service("grpc.testing.TestService")
      .unary("EmptyCall", [](Context&, Bytes) -> Reply { return Bytes(); })
      .unary("UnaryCall", unary_call)
      .unary("CacheableUnaryCall", cacheable_unary_call)
      .client_stream("StreamingInputCall", streaming_input_call)
      .server_stream("StreamingOutputCall", streaming_output_call)
      .bidi_stream("FullDuplexCall", full_duplex_call)
      .bidi_stream("HalfDuplexCall", half_duplex_call);
}
