#include "client/outgoing/http/http_connection.h"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <span>
#include <utility>

namespace wasm_grpc::client {

void HttpConnection::begin(HttpCall& call) {
  call_ = &call;
  call.begin_stream(*this);
  write();
  read();  // also without an exchange: to hear that the server closes it
}

void HttpConnection::output_ready() noexcept { write(); }

void HttpConnection::input_wanted() noexcept { read(); }

void HttpConnection::abandoned() noexcept {
  call_ = nullptr;
  lost({});
}

void HttpConnection::write() {
  if (writing_ || closed_ || call_ == nullptr) return;
  out_.clear();
  call_->take_output(out_);
  if (out_.empty()) return;
  writing_ = true;
  const auto handler = [self = shared_from_this()](const asio::error_code& error, std::size_t) {
    self->writing_ = false;
    if (self->closed_) return;
    // A server may answer and close before it has read all: what it has said is read first.
    if (!error) self->write();
  };
  if (transport_.tls != nullptr) {
    asio::async_write(*transport_.tls, asio::buffer(out_), handler);
  } else {
    asio::async_write(*transport_.socket, asio::buffer(out_), handler);
  }
}

void HttpConnection::read() {
  if (reading_ || closed_ || (call_ != nullptr && !call_->wants_input())) return;
  reading_ = true;
  const auto handler = [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->lost(error == asio::error::eof ? std::string() : error.message());
    self->received(size);
  };
  const auto buffer = asio::buffer(input_);
  if (transport_.tls != nullptr) {
    transport_.tls->async_read_some(buffer, handler);
  } else {
    transport_.socket->async_read_some(buffer, handler);
  }
}

void HttpConnection::received(std::size_t size) noexcept {
  if (call_ == nullptr) return lost({});  // nobody has asked for anything
  HttpCall& call = *call_;
  const auto self = shared_from_this();
  const std::size_t taken = call.take(std::span<const std::byte>(input_).first(size));
  if (closed_) return;
  if (!call.ended()) return read();
  call_ = nullptr;
  if (taken < size || writing_ || !call.leaves_connection()) return lost({});
  used_ = true;
  read();
  owner_.connection_free(*this);
}

void HttpConnection::lost(const std::string& why) noexcept {
  if (closed_) return;
  const auto self = shared_from_this();
  HttpCall* const call = std::exchange(call_, nullptr);
  close();
  // One that was idle may have been closed by the server while the request was on its way.
  HttpCall* const unanswered = call != nullptr && used_ && call->begin_again() ? call : nullptr;
  if (call != nullptr && unanswered == nullptr) call->stream_lost(why);
  owner_.connection_closed(*this, unanswered);
}

void HttpConnection::shut(const rpc::Status& why) noexcept {
  const auto self = shared_from_this();
  close();
  if (HttpCall* const call = std::exchange(call_, nullptr)) call->end(why);
}

void HttpConnection::close() noexcept {
  if (std::exchange(closed_, true)) return;
  asio::error_code ignored;
  if (transport_.tls != nullptr) {
    transport_.tls->next_layer().close(ignored);
  } else {
    transport_.socket->close(ignored);
  }
}

}  // namespace wasm_grpc::client
