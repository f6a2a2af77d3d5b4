// All that calls one target by plain HTTP: its connections, and requests that wait for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client/name_lookup.h"
#include "client/outgoing/connector.h"
#include "client/outgoing/http/http_address.h"
#include "client/outgoing/http/http_call.h"
#include "client/outgoing/http/http_connection.h"
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
  std::chrono::milliseconds connect_timeout{20'000};
  /// Connections at once; requests that find none wait, so many at most, and one more is answered UNAVAILABLE.
  std::size_t max_connections = 100;
  std::size_t max_waiting = 1024;
  /// How long a connection is kept without an exchange.
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
                         private HttpConnectionOwner,
                         private rpc::Timer {
 public:
  HttpTarget(const ChannelContext& context, HttpTargetOptions options, HttpAddress address);
  ~HttpTarget() override;

  [[nodiscard]] rpc::OutgoingCallPtr begin(const rpc::OutgoingRequest& request) override;
  /// Closes all connections: calls that there are end with UNAVAILABLE, and none can be made.
  void close() noexcept;

 private:
  /// A connection that is being made for a call.
  struct Attempt {
    explicit Attempt(asio::io_context& io) : lookup(io) {}
    HttpCall* call = nullptr;  // nullptr: it has ended
    std::string authority;
    std::string host;
    NameLookup lookup;
    std::shared_ptr<Connector> connector;
  };
  struct Idle {
    std::shared_ptr<HttpConnection> connection;
    rpc::Clock::time_point since;
  };

  // HttpCallOwner
  void no_connection_wanted(HttpCall& call) noexcept override;
  void gone(HttpCall& call) noexcept override;
  // HttpConnectionOwner
  void connection_free(HttpConnection& connection) noexcept override;
  void connection_closed(HttpConnection& connection, HttpCall* unanswered) noexcept override;
  // rpc::Timer: of connections that nobody has used for long.
  void on_timer() noexcept override;

  void place(HttpCall& call);
  void connect(HttpCall& call);
  void resolved(const std::shared_ptr<Attempt>& attempt, const std::vector<Endpoint>& endpoints);
  void finished(const std::shared_ptr<Attempt>& attempt, Result<Transport> made);
  void fail(const std::shared_ptr<Attempt>& attempt, rpc::StatusCode code, const std::string& why);
  void place_waiting_later();
  [[nodiscard]] std::size_t connections() const noexcept { return busy_.size() + idle_.size() + attempts_.size(); }

  ChannelContext context_;
  HttpTargetOptions options_;
  HttpAddress address_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::vector<std::shared_ptr<HttpConnection>> busy_;
  std::vector<Idle> idle_;  // the one used last at the end
  std::deque<HttpCall*> waiting_;
  bool placing_posted_ = false;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace wasm_grpc::client
