// Hears from a server of Redis what other processes change there, and which pairs' time has passed.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/dialer.h"
#include "store/redis/space.h"
#include "store/redis/wire.h"
#include "store/trouble.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::redis {

/// A connection of its own, for keyspace notifications
/// (https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/), which is there while somebody watches. The
/// server tells of changes by this process, too: a space that is heard of is not told of them otherwise. A server that
/// has none is said so in the log, and asked again after a while: its operator may turn them on. Belongs to the thread
/// of `io`.
class Listener final : private WireOwner {
 public:
  Listener(asio::io_context& io, const StoreOptions& options, std::string server, Say say);
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Somebody watches there. It is heard of until nobody does any more.
  void listen_to(std::shared_ptr<Space> space);
  /// The server may be another one now.
  void begin_anew();
  void stop() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  struct Heard {
    std::shared_ptr<Space> space;
    std::string pattern;  // as it is subscribed to
    std::size_t before;   // bytes of a channel before the key
  };

  void dial();
  void dialed(std::optional<Dialed> dialed);
  void subscribe(const Heard& heard);
  void replied(Reply reply) override;
  void ended(const std::string& why) override;
  /// What the server says that it notifies of, where it says it.
  void take_setting(const Reply& reply);
  void take_message(const Reply& message);
  [[nodiscard]] Heard* of_pattern(std::string_view pattern) noexcept;
  void refused(const std::string& why);
  /// Nothing is heard until it is connected again.
  void hang_up() noexcept;
  void dial_after(std::chrono::milliseconds time);
  void look();
  void look_later();

  asio::io_context& io_;
  const StoreOptions options_;
  const std::string server_;
  const Say say_;
  std::vector<Heard> heard_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<Wire> wire_;
  bool knows_setting_ = false;  // that all is notified of, and by which connection
  bool asked_setting_ = false;
  std::optional<Clock::time_point> pinged_;
  bool said_ = false;  // that the server refuses
  asio::steady_timer retry_{io_};
  asio::steady_timer look_{io_};
};

}  // namespace wasm_grpc::store::redis
