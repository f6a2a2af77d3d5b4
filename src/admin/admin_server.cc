#include "admin/admin_server.h"

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>

#include "admin/page/status_page.h"
#include "admin/router.h"
#include "admin/status_json.h"
#include "admin/try_handler.h"
#include "net/passed_sockets.h"
#include "rpc/request_handler.h"
#include "services/health.h"
#include "wasm_grpc/metrics.h"

namespace wasm_grpc::admin {

namespace {

/// A method of grpc.health.v1 that answers at once.
class HealthHandler final : public rpc::RequestHandler {
 public:
  using Function = std::function<rpc::Status(std::span<const std::byte> request, std::vector<std::byte>& response)>;
  explicit HealthHandler(Function function) : function_(std::move(function)) {}

 private:
  void serve(rpc::Call& call) noexcept override {
    const auto request = call.message();
    if (!request) return;
    std::vector<std::byte> response;
    rpc::Status status = function_(*request, response);
    call.pop_message();
    if (status.ok()) (void)call.send(response);
    call.finish(std::move(status));
  }

  Function function_;
};

/// Where an admin address is that speaks no TLS; none for a unix socket.
Result<std::vector<asio::ip::tcp::endpoint>> tcp_endpoints(asio::io_context& io, const net::ListenAddress& address) {
  using Transport = net::ListenAddress::Transport;
  if (address.transport == Transport::unix_socket) return std::vector<asio::ip::tcp::endpoint>();
  if (address.transport != Transport::passed) return net::resolve_address(io, address.place);
  auto passed = net::passed_endpoints(address.place);
  if (!passed.ok()) return Error{"cannot listen on fd://" + address.place + ": " + passed.error().message};
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const auto& endpoint : passed.value()) {
    if (endpoint.protocol().family() != AF_UNIX) endpoints.push_back(net::to_tcp(endpoint));
  }
  return endpoints;
}

Reply metrics_page(const View& view, const Request& request) {
  const bool open = request.accept.find("application/openmetrics-text") != std::string_view::npos;
  const MetricsFormat format = open ? MetricsFormat::open_metrics : MetricsFormat::prometheus;
  MetricsBuckets buckets = MetricsBuckets::standard;
  if (request.query == "buckets=fine") {
    buckets = MetricsBuckets::fine;
  } else if (!request.query.empty() && request.query != "buckets=standard") {
    return {400,
            "text/plain; charset=utf-8",
            "expected /metrics, /metrics?buckets=standard or /metrics?buckets=fine\n",
            {}};
  }
  return {200, std::string(metrics_content_type(format)), metrics_text(view.counters(), format, buckets), {}};
}

Reply readiness_page(const View& view) {
  switch (view.readiness()) {
    case Readiness::ready:
      return {.body = "ready\n"};
    case Readiness::unhealthy:
      return {.status = 503, .body = "not ready: no module can start, or has the store it needs\n"};
    case Readiness::stopping:
      break;
  }
  return {.status = 503, .body = "not ready: the server is stopping\n"};
}

// Its one script runs, and nothing that a guest's name or text could smuggle in; it is in no other page's frame.
Reply front_page(const View& view) {
  std::random_device random;
  std::string nonce;
  for (int i = 0; i < 4; ++i) nonce += std::to_string(random());
  return {200,
          "text/html; charset=utf-8",
          status_page(view, nonce),
          {{"content-security-policy",
            "default-src 'none'; connect-src 'self'; img-src data:; style-src "
            "'unsafe-inline'; script-src 'nonce-" +
                nonce + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
           {"referrer-policy", "no-referrer"}}};
}

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::create(const AdminOptions& options, const observe::Log& log,
                                                         services::HealthRegistry& health) {
  auto gate = Gate::open(options);
  if (!gate.ok()) return std::move(gate).error();
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(gate).value(), log, health));
}

Result<std::string> AdminServer::listen(const std::string& address) {
  auto parsed = net::parse_listen_address(address, false);
  if (!parsed.ok()) return std::move(parsed).error();
  using Transport = net::ListenAddress::Transport;
  if (parsed.value().transport == Transport::tls) {
    return Error{"the admin address " + address +
                 " speaks no TLS; listen on this machine or a private network only, or put a proxy before it"};
  }
  if (!gate_.guards()) {
    const auto endpoints = tcp_endpoints(loop_.io(), parsed.value());
    if (!endpoints.ok()) return endpoints.error();
    const auto is_private = [](const auto& endpoint) { return endpoint.address().is_loopback(); };
    if (!std::all_of(endpoints.value().begin(), endpoints.value().end(), is_private)) {
      return Error{"the admin address " + address +
                   " can be reached from other machines, and there is no token: set one (--admin-token-file FILE), "
                   "listen on 127.0.0.1 or a unix socket, or say that who comes there may see all "
                   "(--admin-without-token)"};
    }
  }
  auto listening = loop_.listen(parsed.value());
  if (!listening.ok()) return std::move(listening).error();
  return listening.value().front();
}

Result<> AdminServer::add_health() {
  auto check = [&health = health_](auto request, auto& response) {
    return services::check_health(health, request, response);
  };
  auto list = [&health = health_](auto, auto& response) { return services::list_health(health, response); };
  auto post = [this](std::chrono::milliseconds after, std::function<void()> function) {
    loop_.post(after, std::move(function));
  };
  using rpc::MethodKind;
  if (auto added =
          loop_.add(services::health_check_path, MethodKind::unary, std::make_unique<HealthHandler>(std::move(check)));
      !added.ok()) {
    return added;
  }
  if (auto added =
          loop_.add(services::health_list_path, MethodKind::unary, std::make_unique<HealthHandler>(std::move(list)));
      !added.ok()) {
    return added;
  }
  return loop_.add(services::health_watch_path, MethodKind::server_stream,
                   std::make_unique<services::HealthWatchHandler>(health_, std::move(post)));
}

Result<> AdminServer::start(View view) {
  if (auto added = add_health(); !added.ok()) return added;
  const auto shared = std::make_shared<const View>(std::move(view));
  auto router = std::make_unique<Router>(gate_);
  using For = Router::For;
  router->add("/healthz", For::everybody, [](const Request&) { return Reply{.body = "ok\n"}; });
  router->add("/readyz", For::everybody, [shared](const Request&) { return readiness_page(*shared); });
  router->add("/metrics", For::those_let_in,
              [shared](const Request& request) { return metrics_page(*shared, request); });
  router->add("/status.json", For::those_let_in,
              [shared](const Request&) { return Reply{200, "application/json", status_json(*shared), {}}; });
  router->add("/", For::those_let_in, [shared](const Request&) { return front_page(*shared); });
  if (auto added = loop_.add("/", rpc::MethodKind::http, std::move(router)); !added.ok()) return added;
  if (shared->trials != nullptr) {
    auto post = [this](std::function<void()> function) { loop_.post({}, std::move(function)); };
    auto handler = std::make_unique<TryHandler>(gate_, shared->trials, std::move(post));
    if (auto added = loop_.add("/try", rpc::MethodKind::http, std::move(handler)); !added.ok()) return added;
  }
  loop_.start();
  return success();
}

}  // namespace wasm_grpc::admin
