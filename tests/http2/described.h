// For tests of clients that do not speak gRPC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client.h"
#include "http2/described_service.h"

namespace wasm_grpc::http2 {

/// A serialized Text of a `text` shorter than 128 bytes.
[[nodiscard]] std::string text_message(std::string_view text);

/// The fields of a request that is not gRPC; an empty type leaves it out.
[[nodiscard]] Fields plain_fields(std::string_view method, std::string_view content_type, const Fields& extra = {});

/// A prefix of five bytes, and the message.
[[nodiscard]] std::string envelope(char flags, std::string_view message);

/// The envelopes of a body.
struct Envelope {
  int flags = 0;
  std::string message;
  bool operator==(const Envelope&) const = default;
};
[[nodiscard]] std::vector<Envelope> envelopes(std::string_view body);

}  // namespace wasm_grpc::http2
