// One end of an HTTP/2 connection: a non-blocking socket and its nghttp2 session. The yardstick server and the clients
// of the benchmark are built on it.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::bench {

/// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept;
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

struct SessionDeleter {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
};
using Session = std::unique_ptr<nghttp2_session, SessionDeleter>;

/// Moves bytes between a socket and a session, and knows nothing of what they mean. What one read brings in is answered
/// in one write. Whoever derives from it gives it the session, whose user data must be the Peer.
class Peer {
 public:
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  /// Reads what is there, at most `buffer` at once. False when the connection is over.
  [[nodiscard]] bool read(std::span<std::uint8_t> buffer);
  /// Writes all the session has to send, until the socket takes no more. False when the connection is over.
  [[nodiscard]] bool flush();
  /// True when the socket took less than there is: flush() again when it is writable.
  [[nodiscard]] bool blocked() const noexcept { return sent_ < out_.size(); }

 protected:
  explicit Peer(Fd socket) noexcept : socket_(std::move(socket)) {}
  ~Peer() = default;

  void start(nghttp2_session* session) noexcept { session_.reset(session); }
  [[nodiscard]] nghttp2_session* session() const noexcept { return session_.get(); }

  // For a send_data callback (NGHTTP2_DATA_FLAG_NO_COPY), which puts frames into the output itself.
  [[nodiscard]] bool output_full() const noexcept { return out_.size() >= high_water; }
  void output(std::span<const std::uint8_t> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

 private:
  static constexpr std::size_t high_water = 256 * 1024;

  [[nodiscard]] bool fill();

  Fd socket_;
  Session session_;
  std::vector<std::uint8_t> out_;
  std::size_t sent_ = 0;
};

/// Makes a header field that nghttp2 need not copy: both strings must outlive the stream.
[[nodiscard]] nghttp2_nv header(std::string_view name, std::string_view value) noexcept;

}  // namespace wasm_grpc::bench
