// A call that is not on any network: what its client does is said by the test.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::abi {

/// A call whose client is the test.
class TestCall final : public rpc::Call {
 public:
  explicit TestCall(rpc::MethodKind kind, std::string path = "/test.Service/Method")
      : method_storage_{std::move(path), kind, nullptr} {
    request_.method = &method_storage_;
    request_.authority = "example.com";
    request_.client = client_storage_.get();
    set_codec(&codec_);
    retain();
  }

  void client_sends(std::string_view message, char flags = '\0') {
    const auto size = static_cast<std::uint32_t>(message.size());
    std::string framed{flags, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                       static_cast<char>(size >> 8), static_cast<char>(size)};
    framed += message;
    expect_ok(receive(std::as_bytes(std::span(framed)), std::size_t{4} << 20));
    notify_readable();
  }
  /// Any part of the request stream.
  void client_sends_bytes(std::string_view bytes) {
    expect_ok(receive(std::as_bytes(std::span(bytes)), std::size_t{4} << 20));
    notify_readable();
  }
  /// Who is called again for what was not served to its end.
  void handled_by(rpc::Handler& handler) { method_storage_.handler = &handler; }
  /// Of an HTTP exchange.
  void client_asks_for(std::string_view method, std::string_view target) {
    request_.http_method = method;
    request_.http_target = target;
  }
  void client_sends_body(std::string_view piece) {
    expect_ok(receive_body(std::as_bytes(std::span(piece)), rpc::max_body_piece));
    notify_readable();
  }
  /// True when somebody else keeps its client alive.
  [[nodiscard]] bool client_is_shared() const noexcept { return client_storage_.use_count() > 1; }
  std::string body() const {
    const auto bytes = pending_output();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  int http_status() const { return response_.http_status; }
  bool broken_off() const { return response_.broken_off; }
  void client_compresses_by(rpc::Encoding encoding) { request_.encoding = encoding; }
  void client_accepts(std::string_view encodings) { request_.accepted_encodings.add_list(encodings); }
  void client_ends() {
    expect_ok(receive_end());
    notify_readable();
  }
  void client_cancels() { cancel(); }
  void ends_by(rpc::CallEnd why) { cancel(why); }
  void client_reads_everything() {
    for (const std::string& message : unread_messages()) read_.push_back(message);
    output_sent_ = output_.size();
    output_drained();
  }
  void add_request_metadata(std::string_view key, std::string_view value) { request_.metadata.add(key, value); }
  void deadline_passes() { fail({rpc::StatusCode::deadline_exceeded, "the deadline passed"}, rpc::CallEnd::deadline); }
  void set_deadline(rpc::Clock::time_point deadline) { request_.deadline = deadline; }

  /// Everything the guest has sent.
  std::vector<std::string> messages() const {
    std::vector<std::string> all = read_;
    for (std::string& message : unread_messages()) all.push_back(std::move(message));
    return all;
  }
  /// The flags of the messages the client has not read.
  std::vector<int> flags() const {
    std::vector<int> flags;
    for_each_unread([&](std::byte flag, std::string_view) { flags.push_back(std::to_integer<int>(flag)); });
    return flags;
  }
  rpc::Encoding announced() const { return response_.encoding; }
  /// True when nobody but the client holds it.
  bool let_go_of() const { return holders() == 1; }
  const rpc::Status& status() const { return response_.status; }
  const rpc::Metadata& headers() const { return response_.headers; }
  const rpc::Metadata& trailers() const { return response_.trailers; }
  bool headers_sent() const { return response_.headers_wanted; }
  std::size_t consumed() const { return consumed_; }

 private:
  static void expect_ok(const rpc::Status& status) {
    if (status.code != rpc::StatusCode::ok) throw std::logic_error("the client breaks the protocol: " + status.message);
  }
  template <typename Function>
  void for_each_unread(Function function) const {
    const auto bytes = pending_output();
    for (std::size_t at = 0; at + 5 <= bytes.size();) {
      std::size_t size = 0;
      for (std::size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<std::size_t>(bytes[at + i]);
      function(bytes[at], std::string_view(reinterpret_cast<const char*>(bytes.data()) + at + 5, size));
      at += 5 + size;
    }
  }
  std::vector<std::string> unread_messages() const {
    std::vector<std::string> messages;
    for_each_unread([&](std::byte, std::string_view message) { messages.emplace_back(message); });
    return messages;
  }
  void output_ready() noexcept override {}
  void input_consumed(std::size_t bytes) noexcept override { consumed_ += bytes; }
  void recycle() noexcept override {}

  rpc::BufferPool buffers_;
  rpc::Codec codec_{buffers_};
  rpc::Method method_storage_;
  std::shared_ptr<rpc::Client> client_storage_ = std::make_shared<rpc::Client>(1, "127.0.0.1:4711");
  std::vector<std::string> read_;
  std::size_t consumed_ = 0;
};

}  // namespace wasm_grpc::abi
