#include "peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wasm_grpc::bench {

Fd::Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

bool Peer::read(std::span<std::uint8_t> buffer) {
  const ssize_t got = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  return nghttp2_session_mem_recv(session(), buffer.data(), static_cast<std::size_t>(got)) == got;
}

bool Peer::fill() {
  while (!output_full()) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t length = nghttp2_session_mem_send(session(), &bytes);
    if (length < 0) return false;
    if (length == 0) break;
    output({bytes, static_cast<std::size_t>(length)});
  }
  return true;
}

bool Peer::flush() {
  for (;;) {
    if (!blocked()) {
      out_.clear();
      sent_ = 0;
      if (!fill()) return false;
      if (out_.empty()) return nghttp2_session_want_read(session()) || nghttp2_session_want_write(session());
    }
    const ssize_t sent = ::send(fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(sent);
  }
}

nghttp2_nv header(std::string_view name, std::string_view value) noexcept {
  // nghttp2 asks for mutable pointers and, with these flags, only reads through them.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

}  // namespace wasm_grpc::bench
