// A unary call in Connect: the bodies are the messages themselves.
#pragma once

#include <optional>
#include <string>

#include "facade/exchange.h"
#include "facade/gathered_body.h"
#include "facade/json_messages.h"

namespace wasm_grpc::facade::connect {

/// How the call's messages are said.
struct UnaryTerms {
  std::optional<JsonMessages> json;                  // nothing: protobuf
  rpc::Encoding encoding = rpc::Encoding::identity;  // of the request
  bool accepts_gzip = false;                         // of JSON; protobuf is compressed by the call
};

class UnaryExchange final : public Exchange {
 public:
  UnaryExchange(UnaryTerms terms, GatheredBody body) : terms_(std::move(terms)), body_(std::move(body)) {}
  /// For GET: the whole request is there.
  void set_message(std::string message) { message_ = std::move(message); }

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override;
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& frames) override;
  [[nodiscard]] std::size_t held() const noexcept override { return body_.size(); }
  [[nodiscard]] std::size_t missing(std::size_t /*frame_bytes*/) const noexcept override { return body_.missing(); }

  [[nodiscard]] bool answers_whole() const noexcept override { return true; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override;
  void finish(const rpc::Response& response, std::string& body) override;

 private:
  UnaryTerms terms_;
  GatheredBody body_;
  std::optional<std::string> message_;
  bool compressed_ = false;  // the answer
};

}  // namespace wasm_grpc::facade::connect
