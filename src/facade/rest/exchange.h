// A call by a google.api.http rule: what the path, the query and the body say becomes a message, and the reply JSON.
// Streams are JSON lines: a message each.
#pragma once

#include <string>

#include "facade/exchange.h"
#include "facade/gathered_body.h"
#include "facade/rest/routes.h"
#include "facade/schemas.h"

namespace wasm_grpc::facade::rest {

/// How the call is made.
struct RestTerms {
  const Schema* schema = nullptr;  // of the method, for the details of errors; nullptr: not described
  bool streams_requests = false;
  bool streams_responses = false;
  rpc::Encoding encoding = rpc::Encoding::identity;  // of the body
  bool accepts_gzip = false;
};

class RestExchange final : public Exchange {
 public:
  /// `head` is one that `routes` know; they and the codec of `tools` outlive it.
  RestExchange(RestTerms terms, const Routes& routes, const Head& head, const Tools& tools);

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override;
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& frames) override;
  [[nodiscard]] std::size_t held() const noexcept override { return lines() ? line_.size() : body_.size(); }
  [[nodiscard]] std::size_t missing(std::size_t frame_bytes) const noexcept override;

  [[nodiscard]] bool answers_whole() const noexcept override { return !terms_.streams_responses; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override;
  void finish(const rpc::Response& response, std::string& body) override;

 private:
  /// Whether the body is lines, each a message.
  [[nodiscard]] bool lines() const noexcept {
    return terms_.streams_requests && terms_.encoding == rpc::Encoding::identity && match_.rule->has_body();
  }
  [[nodiscard]] rpc::Status take_message(std::string_view json, std::vector<std::byte>& frames) const;
  [[nodiscard]] rpc::Status take_line(std::vector<std::byte>& frames);
  [[nodiscard]] std::string error(const rpc::Response& response) const;

  const RestTerms terms_;
  rpc::Codec& codec_;
  const std::size_t max_message_size_;
  const std::string target_;
  const Match match_;  // points into target_
  GatheredBody body_;
  std::string line_;         // as far as it has come
  bool compressed_ = false;  // the answer
  bool begun_ = false;       // of an answer in lines some has left
};

}  // namespace wasm_grpc::facade::rest
