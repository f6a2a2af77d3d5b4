#include "store/redis/wire.h"

#include <asio/buffer.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>
#include <utility>

namespace wasm_grpc::store::redis {

namespace {

/// Of a buffer that was larger for once.
constexpr std::size_t kept_bytes = std::size_t{1} << 20;

}  // namespace

Wire::Wire(client::Transport transport, std::string where, std::size_t max_reply)
    : transport_(std::move(transport)), where_(std::move(where)), reader_(max_reply) {}

template <typename Use>
void Wire::with_stream(Use use) {
  if (transport_.tls != nullptr) {
    use(*transport_.tls);
  } else {
    use(*transport_.socket);
  }
}

void Wire::flush() {
  if (closed_ || is_sending_ || output_.empty()) return;
  is_sending_ = true;
  sending_.clear();
  if (sending_.capacity() > kept_bytes) std::string().swap(sending_);
  sending_.swap(output_);
  const auto sent = [self = shared_from_this()](const asio::error_code& error, std::size_t) {
    self->is_sending_ = false;
    if (error) return self->end(error.message());
    self->flush();
  };
  with_stream([&](auto& stream) { asio::async_write(stream, asio::buffer(sending_), sent); });
}

void Wire::read() {
  const auto came = [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
    if (self->closed_) return;
    if (error) return self->end(error == asio::error::eof ? "it closed the connection" : error.message());
    self->take(bytes);
    if (!self->closed_) self->read();
  };
  with_stream([&](auto& stream) { stream.async_read_some(asio::buffer(input_), came); });
}

void Wire::take(std::size_t bytes) {
  heard_ = Clock::now();
  reader_.feed({input_.data(), bytes});
  while (!closed_) {
    auto reply = reader_.next();
    if (!reply) break;
    if (owner_ != nullptr) owner_->replied(std::move(*reply));
  }
  if (owner_ != nullptr) owner_->caught_up();
  if (!closed_ && reader_.broken()) end("it sent what is no answer: " + *reader_.broken());
}

void Wire::end(const std::string& why) {
  if (closed_) return;
  WireOwner* const told = owner_;
  close();
  if (told != nullptr) told->ended(why);
}

void Wire::close() noexcept {
  if (std::exchange(closed_, true)) return;
  owner_ = nullptr;
  asio::error_code ignored;
  auto& socket = transport_.tls != nullptr ? transport_.tls->next_layer() : *transport_.socket;
  socket.close(ignored);
}

}  // namespace wasm_grpc::store::redis
