// A call in gRPC-Web: the frames are gRPC's, and one more, of trailers, ends the answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "facade/exchange.h"
#include "facade/grpc_web/text.h"

namespace wasm_grpc::facade::grpc_web {

class WebExchange final : public Exchange {
 public:
  /// Whether the bodies of the request and of the answer are base64; and "+proto" or another format of the messages,
  /// with which the answer's content type ends as the request's did.
  WebExchange(bool text_in, bool text_out, std::string_view format)
      : text_in_(text_in), text_out_(text_out), format_(format) {}

  [[nodiscard]] rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) override;
  [[nodiscard]] rpc::Status end(std::vector<std::byte>& frames) override;
  [[nodiscard]] std::size_t missing(std::size_t frame_bytes) const noexcept override;

  [[nodiscard]] bool passes_frames() const noexcept override { return !text_out_; }
  [[nodiscard]] int head(const rpc::Response& response, rpc::Metadata& fields) override;
  [[nodiscard]] rpc::Status translate(std::span<const std::byte> frames, std::string& body) override;
  void finish(const rpc::Response& response, std::string& body) override;

 private:
  [[nodiscard]] rpc::Status take_frames(std::string_view bytes, std::vector<std::byte>& frames);

  const bool text_in_;
  const bool text_out_;
  const std::string format_;
  TextReader reader_;
  std::string plain_;      // of text
  std::string prefix_;     // as far as the next one has come
  std::size_t left_ = 0;   // bytes of the frame that are still to come
  bool trailers_ = false;  // the last frame was that of the request's trailers, which nobody asks for
};

}  // namespace wasm_grpc::facade::grpc_web
