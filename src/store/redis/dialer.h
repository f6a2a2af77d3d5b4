// Finds the server of Redis, and makes a connection to it that is ready for use.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/name_lookup.h"
#include "client/outgoing/connector.h"
#include "client/outgoing/target_address.h"
#include "store/redis/scripts.h"
#include "store/redis/wire.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::redis {

/// A server that may be asked.
struct Dialed {
  std::shared_ptr<Wire> wire;
  Digests digests;  // of the scripts it has been told
};

/// Why there is none.
struct NoServer {
  std::string why;
  bool for_good = false;  // the same settings will not do later either
};

/// One attempt: the addresses are tried in turn; those of sentinels are asked where the master is. It logs in, looks
/// whether the server will do, and tells it the scripts. Belongs to the thread of `io`; made by std::make_shared.
class Dialer final : public std::enable_shared_from_this<Dialer>, private WireOwner {
 public:
  using Done = std::function<void(std::optional<Dialed> dialed, const NoServer& why)>;

  /// The options have passed check().
  Dialer(asio::io_context& io, const StoreOptions& options, std::size_t max_reply);

  /// `done` is told once, later; never once it was cancelled.
  void start(Done done);
  void cancel() noexcept;

 private:
  void try_next();
  void resolve(const client::TargetAddress& address);
  void connect(std::vector<client::Endpoint> endpoints, const std::string& name);
  void connected(client::Transport transport);
  /// Says what is to be done when so many replies have come.
  void ask(std::size_t replies, void (Dialer::*then)());
  void replied(Reply reply) override;
  void ended(const std::string& why) override { failed(why); }
  void log_in(const std::string& user, const std::string& password);
  void ask_sentinel();
  void sentinel_answered();
  void ask_server();
  void server_answered();
  [[nodiscard]] std::optional<NoServer> unfit(std::string_view info) const;
  /// Goes on with the next address.
  void failed(const std::string& why, bool for_good = false);
  void finish(std::optional<Dialed> dialed);
  [[nodiscard]] const std::string& login(std::string_view name) const;

  asio::io_context& io_;
  const StoreOptions options_;
  const std::size_t max_reply_;
  Done done_;
  std::deque<std::string> addresses_;  // not tried yet
  std::string address_;                // that is being tried
  bool is_master_ = false;             // a sentinel has said so
  client::NameLookup lookup_;
  asio::steady_timer limit_;  // of one address
  std::size_t tries_ = 0;     // by which what comes late is known
  std::shared_ptr<client::Connector> connector_;
  std::shared_ptr<Wire> wire_;
  std::vector<Reply> replies_;
  std::size_t expected_ = 0;
  void (Dialer::*then_)() = nullptr;
  NoServer why_;
};

}  // namespace wasm_grpc::store::redis
