// All that calls one server, or several that are the same: connections made when calls need them, and calls that wait.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "client/name_lookup.h"
#include "client/outgoing/connection.h"
#include "client/outgoing/connector.h"
#include "client/outgoing/network_call.h"
#include "client/outgoing/outlier_ejection.h"
#include "client/outgoing/repeat/repeat_policy.h"
#include "client/outgoing/repeat/repeated_call.h"
#include "client/outgoing/target_address.h"
#include "client/outgoing/target_channel_options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// What the channels of one thread share. All outlive them.
struct ChannelContext {
  asio::io_context& io;
  rpc::TimerQueue& timers;
  OutputQueue& output;
  /// Told that no connection could be made, or one was lost; nullptr: nobody is.
  std::function<void(const std::string&)> log;
};

/// Belongs to the thread of its `io`. Its calls are let go of before it is destroyed.
///
/// A connection attempt that fails is followed by a pause that grows (grpc/doc/connection-backoff.md); calls made in it
/// fail at once, as gRPC's do that are not to wait until the server is ready. A call that no server has looked at is
/// made again by itself (gRFC A6, "Transparent Retries"); others are where the options say so. Calls that find no room,
/// as their server lets no more be open at once, wait in the order in which they came.
class TargetChannel final : public rpc::CallTarget,
                            private CallOwner,
                            private ConnectionOwner,
                            private AttemptMaker,
                            private rpc::Timer {
 public:
  TargetChannel(const ChannelContext& context, TargetChannelOptions options, TargetAddress address);
  ~TargetChannel() override;

  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override;
  /// Closes all connections: calls that there are end with UNAVAILABLE, and none can be made.
  void close() noexcept;

  enum class Reached : std::uint8_t { yes, not_yet, no };
  /// Makes a connection, where there is none and none is being made; whether there is one now. Without one `no` says
  /// that none can be made at this time, and last_failure() why.
  [[nodiscard]] Reached reach();
  [[nodiscard]] std::string last_failure() const;

 private:
  /// Endpoints that one connection is made to.
  struct Route {
    std::vector<Endpoint> endpoints;
    std::shared_ptr<Connection> connection;
    std::shared_ptr<Connector> connector;   // while one is made
    std::chrono::milliseconds backoff{0};   // of the last attempt that failed
    rpc::Clock::time_point not_before{};    // the next attempt
    std::string failure;                    // why the last one failed
    std::shared_ptr<AddressHealth> health;  // nullptr: it is never left out
  };

  // CallOwner
  void no_stream_wanted(NetworkCall& call) noexcept override;
  void gone(NetworkCall& call) noexcept override;
  // AttemptMaker
  [[nodiscard]] NetworkCall* begin_attempt(const rpc::OutgoingRequest& request, std::size_t previous) override;
  [[nodiscard]] bool takes_attempts() const noexcept override { return !closed_; }
  void gone(RepeatedCall& call) noexcept override;
  // ConnectionOwner
  void connection_draining(Connection& connection, const std::string& why) noexcept override;
  void connection_has_room(Connection& connection) noexcept override;
  void connection_closed(Connection& connection, const std::string& why) noexcept override;
  void returned(Exchange& exchange) noexcept override;

  // rpc::Timer: the next attempt to make a connection that calls wait for.
  void on_timer() noexcept override;

  /// Gives it to a connection, or has it wait, or ends it.
  void place(NetworkCall& call);
  /// False where no connection has room for it now.
  [[nodiscard]] bool give(NetworkCall& call);
  /// The next one that has a connection with room; nullptr for none.
  [[nodiscard]] Route* pick() noexcept;
  /// Of calls that wait, once a connection may be made again.
  void arm();
  /// Begins what may lead to a connection. True when something may.
  [[nodiscard]] bool connect();
  void resolve();
  void use_endpoints(const std::vector<Endpoint>& endpoints);
  void connect(Route& route);
  void connected(Route& route, rpc::Clock::time_point began, Result<Transport> made);
  void failed(Route& route, rpc::Clock::time_point began, const std::string& why);
  /// One that takes calls, now or later.
  [[nodiscard]] bool has_connection() const noexcept;
  [[nodiscard]] bool on_its_way() const noexcept;
  void place_waiting();
  void place_waiting_later();
  /// Calls that wait for nothing that is to come end.
  void settle_waiting();
  [[nodiscard]] std::string name_of_server() const;

  ChannelContext context_;
  TargetChannelOptions options_;
  TargetAddress address_;
  rpc::BufferPool buffers_;
  rpc::Codec codec_;
  CallContext calls_;
  NameLookup lookup_;
  bool resolving_ = false;
  OutlierEjection ejection_;
  bool lacks_connections_ = false;  // some route has none
  bool must_resolve_;               // before the next connection
  bool closed_ = false;
  std::string resolver_failure_;
  rpc::Clock::time_point resolve_not_before_{};
  std::vector<std::unique_ptr<Route>> routes_;
  std::size_t next_route_ = 0;
  std::vector<std::shared_ptr<Connection>> draining_;
  std::deque<NetworkCall*> waiting_;
  std::vector<std::unique_ptr<NetworkCall>> spare_;  // for calls to come
  bool placing_posted_ = false;
  std::minstd_rand random_;
  RepeatPolicy hedging_;
  RepeatPolicy retry_;
  RepeatThrottle throttle_;
  std::unordered_set<RepeatedCall*> repeated_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace wasm_grpc::client
