// A stream in Connect: envelopes as in gRPC, and one more, of JSON, ends the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "facade/exchange.h"
#include "facade/json_envelopes.h"

namespace wasm_grpc::facade::connect {

class StreamingExchange final : public Exchange {
 public:
  /// `json`: how messages are said; nothing: in protobuf. `content_type` is a literal.
  StreamingExchange(std::optional<JsonEnvelopes> json, bool gzip, std::string_view content_type)
      : json_(std::move(json)), gzip_(gzip), content_type_(content_type) {}

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override;
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& frames) override;
  [[nodiscard]] std::size_t held() const noexcept override { return json_ ? json_->held() : 0; }
  [[nodiscard]] std::size_t missing(std::size_t frame_bytes) const noexcept override {
    return json_ ? json_->missing() : frame_bytes;
  }

  [[nodiscard]] bool passes_frames() const noexcept override { return !json_; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override;
  void finish(const rpc::Response& response, std::string& body) override;

 private:
  std::optional<JsonEnvelopes> json_;
  const bool gzip_;  // of answers in JSON; those in protobuf are the call's
  const std::string_view content_type_;
};

}  // namespace wasm_grpc::facade::connect
