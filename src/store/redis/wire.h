// A connection to a server: bytes out, replies in.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "client/outgoing/transport.h"
#include "store/redis/reply.h"

namespace wasm_grpc::store::redis {

/// Hears of a connection.
class WireOwner {
 public:
  /// In the order in which the commands were sent.
  virtual void replied(Reply reply) = 0;
  /// It was told all replies that have come, of which there was one at least, and owns the connection still.
  virtual void caught_up() {}
  /// The connection is gone.
  virtual void ended(const std::string& why) = 0;

 protected:
  ~WireOwner() = default;
};

/// Belongs to one thread. Made by std::make_shared; what Asio does for it keeps it.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using Clock = std::chrono::steady_clock;

  /// `where` is for errors; `max_reply` is in bytes.
  Wire(client::Transport transport, std::string where, std::size_t max_reply);

  /// Who hears of it from now on, until it is closed.
  void belong_to(WireOwner& owner) noexcept { owner_ = &owner; }
  /// Begins to read.
  void start() { read(); }
  /// What is to be sent; flush() sends it.
  [[nodiscard]] std::string& output() noexcept { return output_; }
  void flush();
  /// Nobody hears of it any more.
  void close() noexcept;

  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  /// When something came last.
  [[nodiscard]] Clock::time_point heard() const noexcept { return heard_; }

 private:
  void read();
  void take(std::size_t bytes);
  void end(const std::string& why);
  template <typename Use>
  void with_stream(Use use);

  client::Transport transport_;
  const std::string where_;
  ReplyReader reader_;
  WireOwner* owner_ = nullptr;
  std::string output_;
  std::string sending_;
  bool is_sending_ = false;
  bool closed_ = false;
  Clock::time_point heard_ = Clock::now();
  std::array<char, std::size_t{64} << 10> input_;
};

}  // namespace wasm_grpc::store::redis
