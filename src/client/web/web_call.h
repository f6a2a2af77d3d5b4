// One call by gRPC-Web or by Connect: an exchange of plain HTTP, seen as a call of gRPC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/web/web_target.h"
#include "rpc/outgoing_call.h"

namespace wasm_grpc::client {

/// How bodies are written.
enum class WebBody : std::uint8_t {
  grpc_web,        // messages behind prefixes, and trailers as the last
  connect_unary,   // the message, or JSON of an error
  connect_stream,  // messages behind prefixes, and JSON of the end as the last
};
[[nodiscard]] WebBody body_of(WebProtocol protocol, rpc::MethodKind kind) noexcept;
/// What a request, and an answer that is none of an error, says of its body.
[[nodiscard]] std::string_view content_type_of(WebBody body) noexcept;

/// Belongs to one thread.
class WebCall final : public rpc::OutgoingCall, private rpc::OutgoingListener {
 public:
  WebCall(rpc::OutgoingCallPtr http, WebBody body, const rpc::OutgoingRequest& request, std::size_t max_message_size);

  [[nodiscard]] rpc::SendResult send(std::span<const std::byte> message, bool last) override;
  rpc::SendResult half_close() override { return http_->half_close(); }
  [[nodiscard]] bool writable() const noexcept override { return http_->writable(); }
  std::optional<std::span<const std::byte>> message() noexcept override;
  void pop_message() noexcept override;
  [[nodiscard]] bool has_headers() const noexcept override { return has_headers_; }
  [[nodiscard]] const rpc::Metadata& headers() const noexcept override { return headers_; }
  [[nodiscard]] bool ended() const noexcept override { return status_.has_value(); }
  [[nodiscard]] const rpc::Status& status() const noexcept override { return *status_; }
  [[nodiscard]] const rpc::Metadata& trailers() const noexcept override { return trailers_; }
  void cancel(rpc::Status why) noexcept override;

 private:
  void let_go() noexcept override;
  void on_progress(rpc::OutgoingCall& http) noexcept override;

  /// Takes in what has come of the answer, as long as the caller takes messages.
  void read();
  void read_head();
  /// Of a body of messages behind prefixes.
  void read_frames();
  void add_message(std::string message);
  /// The exchange is over.
  void read_end();
  void read_web_trailers(std::string_view text);
  void take_trailer(std::string_view name, std::string_view value);
  [[nodiscard]] bool has_error_body() const noexcept {
    return body_ == WebBody::connect_unary && http_status_ != "200";
  }
  void end(rpc::Status status);
  void end_well_or(rpc::Status status);

  rpc::OutgoingCallPtr http_;
  const WebBody body_;
  const rpc::MethodKind kind_;
  const rpc::Clock::time_point deadline_;
  const std::size_t max_message_size_;
  bool sent_ = false;
  std::string http_status_;  // empty: the head has not come
  bool has_headers_ = false;
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
  std::string input_;  // of the body, not yet taken apart
  std::deque<std::string> messages_;
  std::size_t received_ = 0;        // messages
  std::optional<rpc::Status> end_;  // as the server says, while the exchange goes on
  std::optional<rpc::Status> status_;
};

}  // namespace wasm_grpc::client
