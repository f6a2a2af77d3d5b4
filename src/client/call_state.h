// One call as its frames come and go. Knows nghttp2's session, and no socket.
#pragma once

#include <nghttp2/nghttp2.h>

#include <deque>
#include <optional>
#include <string>

#include "client/channel.h"
#include "client/frames.h"

namespace wasm_grpc::client {

class CallState {
 public:
  CallState(const CallOptions& options, const CallEvents& events, std::size_t max_message_size)
      : options_(options), events_(events), deframer_(max_message_size) {}

  /// Opens the stream. False when the session takes no more.
  [[nodiscard]] bool open(nghttp2_session* session, std::string_view scheme, std::string_view authority);
  [[nodiscard]] std::int32_t stream() const noexcept { return stream_; }

  /// One more request message, or their end.
  void add_request(nghttp2_session* session, std::optional<std::string> message);
  /// Bytes that wait to be sent; the source waits while there are many.
  [[nodiscard]] std::size_t waiting() const noexcept { return output_.size() - given_; }

  // What the session tells.
  ssize_t give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags);
  void field(std::string_view name, std::string_view value);
  void fields_end(bool end_of_stream);
  void data(std::string_view bytes);
  /// The server has said all it will.
  void closed(std::uint32_t error_code);

  /// Ends it, unless it has ended.
  void end(rpc::Status status);
  void give_up(Error error);

  [[nodiscard]] bool ended() const noexcept { return end_.has_value() || error_.has_value(); }
  [[nodiscard]] Result<CallEnd> result();

 private:
  const CallOptions& options_;
  const CallEvents& events_;
  Deframer deframer_;
  std::int32_t stream_ = -1;
  std::string output_;
  std::size_t given_ = 0;  // of output_
  bool requests_ended_ = false;
  bool deferred_ = false;

  Metadata fields_;
  std::string encoding_;
  std::string http_status_;
  std::optional<int> status_;
  std::string status_message_;
  std::string details_;
  bool headers_told_ = false;
  std::optional<CallEnd> end_;
  std::optional<Error> error_;
};

}  // namespace wasm_grpc::client
