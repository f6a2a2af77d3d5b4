// gRPC whose messages are JSON: application/grpc+json.
#pragma once

#include "facade/exchange.h"
#include "facade/json_envelopes.h"

namespace wasm_grpc::facade::grpc_json {

class GrpcJsonExchange final : public Exchange {
 public:
  /// `gzip`: whether answers may be compressed so.
  GrpcJsonExchange(JsonEnvelopes json, bool gzip) : json_(std::move(json)), gzip_(gzip) {}

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override {
    return json_.take(body, frames);
  }
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& /*frames*/) override { return json_.end(); }
  [[nodiscard]] std::size_t held() const noexcept override { return json_.held(); }
  [[nodiscard]] std::size_t missing(std::size_t /*frame_bytes*/) const noexcept override { return json_.missing(); }

  [[nodiscard]] bool ends_in_trailers() const noexcept override { return true; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override {
    return json_.translate(frames, body);
  }
  void finish(const rpc::Response& /*response*/, std::string& /*body*/) override {}

 private:
  JsonEnvelopes json_;
  const bool gzip_;
};

/// Nothing where the method is not described: then its guest gets the bytes as they come. `accepted` is what answers
/// may be compressed by: large ones are, by gzip.
[[nodiscard]] std::unique_ptr<Exchange> open(std::string_view path, rpc::Encoding encoding, rpc::EncodingSet accepted,
                                             const Tools& tools);

}  // namespace wasm_grpc::facade::grpc_json
