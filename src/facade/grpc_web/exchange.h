// A call in gRPC-Web: the frames are gRPC's, and one more, of trailers, ends the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "facade/exchange.h"
#include "facade/grpc_web/text.h"
#include "facade/json_envelopes.h"

namespace wasm_grpc::facade::grpc_web {

/// What the content type says of the bodies.
struct WebTerms {
  bool text_in = false;  // base64
  bool text_out = false;
  std::string format = {};                 // "+proto" and the like, with which the answer's content type ends too
  std::optional<JsonEnvelopes> json = {};  // "+json"; nothing: the call's own messages
  bool gzip = false;                       // of answers in JSON; the others are the call's
};

class WebExchange final : public Exchange {
 public:
  explicit WebExchange(WebTerms terms) : terms_(std::move(terms)) {}

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override;
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& frames) override;
  [[nodiscard]] std::size_t held() const noexcept override { return terms_.json ? terms_.json->held() : 0; }
  [[nodiscard]] std::size_t missing(std::size_t frame_bytes) const noexcept override;

  [[nodiscard]] bool passes_frames() const noexcept override { return !terms_.text_out && !terms_.json; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override;
  void finish(const rpc::Response& response, std::string& body) override;

 private:
  [[nodiscard]] rpc::Status take_frames(std::string_view bytes, std::vector<std::byte>& frames);

  WebTerms terms_;
  TextReader reader_;
  std::string plain_;                 // of text
  std::vector<std::byte> envelopes_;  // of JSON, as they come
  std::string prefix_;                // as far as the next one has come
  std::size_t left_ = 0;              // bytes of the frame that are still to come
  bool trailers_ = false;             // the last frame was that of the request's trailers, which nobody asks for
};

}  // namespace wasm_grpc::facade::grpc_web
