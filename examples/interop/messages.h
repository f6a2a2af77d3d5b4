// The messages of grpc/testing/messages.proto, as far as the test service needs them. Views of bytes and text live as
// long as the bytes they were parsed from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/guest.h"

namespace interop {

struct EchoStatus {
  std::int32_t code = 0;
  std::string_view message;
};

struct SimpleRequest {
  std::int32_t response_type = 0;
  std::int32_t response_size = 0;
  bool response_compressed = false;
  std::optional<EchoStatus> response_status;
  std::optional<bool> expect_compressed;
};

struct StreamingInputCallRequest {
  wasm_grpc::guest::Bytes payload;
  std::optional<bool> expect_compressed;
};

struct ResponseParameters {
  std::int32_t size = 0;
  std::int32_t interval_us = 0;
  bool compressed = false;
};

struct StreamingOutputCallRequest {
  std::int32_t response_type = 0;
  std::vector<ResponseParameters> response_parameters;
  std::optional<EchoStatus> response_status;
};

// Each reads one message; false when the bytes are none.
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, SimpleRequest& request);
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, StreamingInputCallRequest& request);
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, StreamingOutputCallRequest& request);

// A SimpleResponse or a StreamingOutputCallResponse, which are the same here, in `out`.
/// With a payload of that many zeros.
wasm_grpc::guest::Bytes write_zeros(std::size_t size, std::string& out);
/// With this payload.
wasm_grpc::guest::Bytes write_payload(wasm_grpc::guest::Bytes body, std::string& out);
/// A StreamingInputCallResponse in `out`.
wasm_grpc::guest::Bytes write_aggregated_size(std::int32_t size, std::string& out);

}  // namespace interop
