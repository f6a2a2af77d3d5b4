// All that calls one target by plain HTTP: its connections, and requests that wait for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client/name_lookup.h"
#include "client/outgoing/connection.h"
#include "client/outgoing/connector.h"
#include "client/outgoing/http/http1_connection.h"
#include "client/outgoing/http/http_address.h"
#include "client/outgoing/http/http_call.h"
#include "client/outgoing/target_channel.h"

namespace wasm_grpc::client {

struct HttpTargetOptions {
  /// What messages call it.
  std::string name;
  /// `enabled` is not looked at: the address says it.
  TargetTlsOptions tls;
  /// What the server's certificate must be for instead of the address's host, and what it is asked for; not with a
  /// wildcard.
  std::string authority;
  TargetHttpVersion version = TargetHttpVersion::automatic;
  std::chrono::milliseconds connect_timeout{20'000};
  /// Connections at once: over HTTP/1.1 one for each request, over HTTP/2 one for all of a server. Requests that find
  /// none with room wait, so many at most, and one more ends with UNAVAILABLE.
  std::size_t max_connections = 100;
  std::size_t max_waiting = TargetOptions().max_waiting;
  /// How long a connection is kept without a request.
  std::chrono::milliseconds idle_timeout{30'000};
  /// Who calls is no guest: requests may have any fields, those of gRPC, too.
  bool any_fields = false;
  /// As in TargetChannelOptions.
  bool takes_any_certificate = false;
  std::string tls_advice = {};
};

/// Belongs to the thread of its `io`. Its calls are let go of before it is destroyed.
class HttpTarget final : public rpc::CallTarget,
                         private HttpCallOwner,
                         private Http1ConnectionOwner,
                         private ConnectionOwner,
                         private rpc::Timer {
 public:
  HttpTarget(const ChannelContext& context, HttpTargetOptions options, HttpAddress address);
  ~HttpTarget() override;

  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override;
  /// Closes all connections: calls that there are end with UNAVAILABLE, and none can be made.
  void close() noexcept;
  /// Those that there are for requests to come, and those that are being made.
  [[nodiscard]] std::size_t connections() const noexcept {
    return busy_.size() + idle_.size() + attempts_.size() + shared_.size();
  }

 private:
  /// A connection that is being made for a call.
  struct Attempt {
    explicit Attempt(asio::io_context& io) : lookup(io) {}
    HttpCall* call = nullptr;  // nullptr: it has ended
    HttpAuthority authority;
    std::string name;           // of the server: "HOST:PORT"
    bool may_be_http2 = false;  // others wait to see whether they can go by it too
    NameLookup lookup;
    std::shared_ptr<Connector> connector;
  };
  struct Idle {
    std::shared_ptr<Http1Connection> connection;
    rpc::Clock::time_point since;
  };
  struct Shared {
    std::string name;  // of the server
    std::shared_ptr<Connection> connection;
    rpc::Clock::time_point used;  // by the last request that began
  };

  // HttpCallOwner
  void begun(HttpCall& call) override;
  void again(HttpCall& call) noexcept override;
  void no_stream_wanted(HttpCall& call) noexcept override;
  void gone(HttpCall& call) noexcept override;
  // Http1ConnectionOwner
  void connection_free(Http1Connection& connection) noexcept override;
  void connection_closed(Http1Connection& connection) noexcept override;
  void unanswered(HttpCall& call) noexcept override { again(call); }
  // ConnectionOwner
  void connection_draining(Connection& connection, const std::string& why) noexcept override;
  void connection_has_room(Connection& connection) noexcept override;
  void connection_closed(Connection& connection, const std::string& why) noexcept override;
  void returned(Exchange& exchange) noexcept override;
  // rpc::Timer: of connections that nobody has used for long.
  void on_timer() noexcept override;

  void place(HttpCall& call);
  /// Gives it to a connection that is there. False where none has room for it, or none is to this server.
  [[nodiscard]] bool give(HttpCall& call, const std::string& name);
  [[nodiscard]] bool give_to_shared(HttpCall& call, Shared& shared);
  /// Whether it is to wait for what there is already, rather than for a connection of its own.
  [[nodiscard]] bool waits_for_shared(const std::string& name) const noexcept;
  /// Closes a connection that nobody uses, if there are as many as there may be.
  void make_room() noexcept;
  void wait(HttpCall& call);
  void connect(HttpCall& call, std::string name);
  void resolved(const std::shared_ptr<Attempt>& attempt, const std::vector<Endpoint>& endpoints);
  void finished(const std::shared_ptr<Attempt>& attempt, Result<Transport> made);
  void share(const Attempt& attempt, Transport transport);
  void fail(const std::shared_ptr<Attempt>& attempt, rpc::StatusCode code, const std::string& why);
  void place_waiting_later();
  void arm_idle_timer() noexcept;
  /// Whether servers may be spoken to by HTTP/2.
  [[nodiscard]] bool may_share() const noexcept;

  ChannelContext context_;
  HttpTargetOptions options_;
  HttpAddress address_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::vector<std::shared_ptr<Http1Connection>> busy_;
  std::vector<Idle> idle_;      // the one used last at the end
  std::vector<Shared> shared_;  // HTTP/2
  std::vector<std::shared_ptr<Connection>> draining_;
  std::deque<HttpCall*> waiting_;
  bool placing_posted_ = false;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace wasm_grpc::client
