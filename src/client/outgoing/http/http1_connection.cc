#include "client/outgoing/http/http1_connection.h"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <span>
#include <utility>

namespace wasm_grpc::client {

void Http1Connection::begin(HttpCall& call) {
  exchange_.emplace(call);
  call.begin_stream(*this);
  write();
  read();  // also without an exchange: to hear that the server closes it
}

void Http1Connection::output_ready() noexcept { write(); }

void Http1Connection::input_wanted() noexcept { read(); }

void Http1Connection::abandoned() noexcept {
  if (closed_) return;
  const auto self = shared_from_this();
  close();  // and the exchange stays: it may be what has ended the call
  owner_.connection_closed(*this);
}

void Http1Connection::write() {
  if (writing_ || closed_ || !exchange_) return;
  out_.clear();
  exchange_->take_output(out_);
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

void Http1Connection::read() {
  if (reading_ || closed_ || (exchange_ && !exchange_->call().wants_input())) return;
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

void Http1Connection::received(std::size_t size) noexcept {
  if (!exchange_) return lost({});  // nobody has asked for anything
  const HttpCall& call = exchange_->call();
  const auto self = shared_from_this();
  const std::size_t taken = exchange_->take(std::span<const std::byte>(input_).first(size));
  if (closed_) return;
  if (!call.ended()) return read();
  const bool goes_on = taken == size && !writing_ && exchange_->leaves_connection();
  exchange_.reset();
  if (!goes_on) return lost({});
  used_ = true;
  read();
  owner_.connection_free(*this);
}

void Http1Connection::lost(const std::string& why) noexcept {
  if (closed_) return;
  const auto self = shared_from_this();
  close();
  if (exchange_) {
    HttpCall& call = exchange_->call();
    // One that was idle may have been closed by the server while the request was on its way.
    if (used_ && call.begin_again(true)) {
      owner_.unanswered(call);
    } else {
      exchange_->connection_lost(why);
    }
    exchange_.reset();
  }
  owner_.connection_closed(*this);
}

void Http1Connection::shut(const rpc::Status& why) noexcept {
  const auto self = shared_from_this();
  close();
  if (exchange_) exchange_->call().end(why);
  exchange_.reset();
}

void Http1Connection::close() noexcept {
  if (std::exchange(closed_, true)) return;
  asio::error_code ignored;
  if (transport_.tls != nullptr) {
    transport_.tls->next_layer().close(ignored);
  } else {
    transport_.socket->close(ignored);
  }
}

}  // namespace wasm_grpc::client
