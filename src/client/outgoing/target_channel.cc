#include "client/outgoing/target_channel.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "client/target.h"

namespace wasm_grpc::client {

namespace {

// grpc/doc/connection-backoff.md
constexpr std::chrono::milliseconds first_backoff{1'000};
constexpr std::chrono::milliseconds longest_backoff{120'000};
constexpr double backoff_growth = 1.6;
constexpr double backoff_jitter = 0.2;
/// Calls that are kept to be made again when they are over, each of some KiB.
constexpr std::size_t most_spare_calls = 256;

}  // namespace

TargetChannel::TargetChannel(const ChannelContext& context, TargetChannelOptions options, TargetAddress address)
    : context_(context),
      options_(std::move(options)),
      address_(std::move(address)),
      codec_(buffers_),
      calls_{context.timers, buffers_, codec_, *this, options_.max_message_size},
      lookup_(context.io),
      ejection_(options_.outlier_ejection,
                [this](const std::string& what) {
                  if (context_.log) context_.log("the target \"" + options_.name + "\": " + what);
                }),
      must_resolve_(!address_.host.empty()),
      random_(std::random_device()()),
      hedging_(options_.hedging),
      retry_(options_.retry),
      throttle_(options_.retry_throttling) {
  if (!must_resolve_) use_endpoints(address_.endpoints);
}

TargetChannel::~TargetChannel() {
  close();
  *alive_ = false;
}

void TargetChannel::close() noexcept {
  closed_ = true;
  lookup_.cancel();
  for (const auto& route : routes_) {
    if (auto connector = std::exchange(route->connector, nullptr)) connector->cancel();
    if (auto connection = std::exchange(route->connection, nullptr)) connection->abandon();
  }
  for (const auto& connection : std::exchange(draining_, {})) connection->abandon();
  if (scheduled()) context_.timers.cancel(*this);
  while (!waiting_.empty()) waiting_.front()->end({rpc::StatusCode::unavailable, "the server stops"});
  for (RepeatedCall* const call : repeated_) call->stop({rpc::StatusCode::unavailable, "the server stops"});
}

// ---- Calls ----

rpc::OutgoingCallPtr TargetChannel::begin(const rpc::OutgoingRequest& request) {
  if (request.deadline <= rpc::Clock::now()) {
    return rpc::ended_call({rpc::StatusCode::deadline_exceeded, "the deadline had passed before the call was made"});
  }
  if (request.kind == rpc::MethodKind::http) {
    return rpc::ended_call({rpc::StatusCode::unimplemented,
                            "the target \"" + options_.name + "\" is called by gRPC, and not by plain HTTP"});
  }
  const RepeatPolicy* const policy = hedging_.is_for(request.path) ? &hedging_
                                     : retry_.is_for(request.path) ? &retry_
                                                                   : nullptr;
  if (policy == nullptr) return rpc::OutgoingCallPtr(begin_attempt(request, 0));
  const RepeatedCall::Context context{*this, context_.timers, throttle_, random_};
  auto* const call = new RepeatedCall(context, *policy, request);  // gone() destroys it
  rpc::OutgoingCallPtr made(call);
  repeated_.insert(call);
  call->start();
  return made;
}

NetworkCall* TargetChannel::begin_attempt(const rpc::OutgoingRequest& request, std::size_t previous) {
  std::unique_ptr<NetworkCall> call;
  if (spare_.empty()) {
    call = std::make_unique<NetworkCall>(calls_);
  } else {
    call = std::move(spare_.back());
    spare_.pop_back();
  }
  call->begin(request, previous);
  place(*call);
  return call.release();  // gone() has it back
}

void TargetChannel::gone(NetworkCall& call) noexcept {
  std::unique_ptr<NetworkCall> owned(&call);
  if (closed_ || spare_.size() == most_spare_calls) return;
  owned->forget();
  spare_.push_back(std::move(owned));
}

void TargetChannel::gone(RepeatedCall& call) noexcept {
  repeated_.erase(&call);
  delete &call;
}

void TargetChannel::no_stream_wanted(NetworkCall& call) noexcept { std::erase(waiting_, &call); }

void TargetChannel::place(NetworkCall& call) {
  if (waiting_.empty() && give(call)) return;
  if (waiting_.size() >= options_.max_waiting) {
    return call.end({rpc::StatusCode::unavailable, std::to_string(waiting_.size()) + " calls wait for the target \"" +
                                                       options_.name + "\", which has no room for them"});
  }
  waiting_.push_back(&call);
  if (!connect()) settle_waiting();
}

bool TargetChannel::give(NetworkCall& call) {
  while (Route* const route = pick()) {
    call.set_address(route->health);
    if (!route->connection->add(call)) continue;
    // Calls go on by those that there are, while others are made.
    if (lacks_connections_ && options_.policy == TargetBalancing::round_robin) static_cast<void>(connect());
    return true;
  }
  call.set_address(nullptr);
  return false;
}

void TargetChannel::returned(Exchange& exchange) noexcept {
  waiting_.push_back(static_cast<NetworkCall*>(&exchange));
  place_waiting_later();
}

void TargetChannel::connection_has_room(Connection&) noexcept { place_waiting_later(); }

// Not from inside of nghttp2, or of a connection that tells of something.
void TargetChannel::place_waiting_later() {
  if (waiting_.empty() || std::exchange(placing_posted_, true)) return;
  asio::post(context_.io, [this, alive = alive_] {
    if (!*alive) return;
    placing_posted_ = false;
    place_waiting();
  });
}

void TargetChannel::place_waiting() {
  while (!waiting_.empty()) {
    NetworkCall& first = *waiting_.front();
    waiting_.pop_front();
    if (give(first)) continue;
    waiting_.push_front(&first);
    if (!connect()) settle_waiting();
    return;
  }
}

void TargetChannel::settle_waiting() {
  if (waiting_.empty() || on_its_way() || has_connection()) return;  // one that is full says when it has room
  if (options_.wait_for_ready && !closed_) return arm();
  const std::string why = "the target \"" + options_.name + "\" cannot be reached: " + last_failure();
  for (NetworkCall* const call : std::exchange(waiting_, {})) call->end({rpc::StatusCode::unavailable, why});
}

// One that is left out is better than none.
TargetChannel::Route* TargetChannel::pick() noexcept {
  lacks_connections_ = false;
  Route* left_out = nullptr;
  const auto now = ejection_.enabled() ? rpc::Clock::now() : rpc::Clock::time_point();
  for (std::size_t tried = 0; tried < routes_.size(); ++tried) {
    Route& route = *routes_[next_route_++ % routes_.size()];
    if (route.connection == nullptr || !route.connection->open()) {
      lacks_connections_ = lacks_connections_ || route.connector == nullptr;
    } else if (!route.connection->has_room()) {
      continue;
    } else if (route.health == nullptr || !route.health->is_out(now)) {
      return &route;
    } else {
      left_out = &route;
    }
  }
  return left_out;
}

void TargetChannel::arm() {
  auto next = must_resolve_ ? resolve_not_before_ : rpc::Clock::time_point::max();
  if (!must_resolve_) {
    for (const auto& route : routes_) next = std::min(next, route->not_before);
  }
  if (next != rpc::Clock::time_point::max()) context_.timers.schedule(*this, next);
}

void TargetChannel::on_timer() noexcept { place_waiting(); }

// ---- Connections ----

TargetChannel::Reached TargetChannel::reach() {
  if (has_connection()) return Reached::yes;
  return connect() ? Reached::not_yet : Reached::no;
}

bool TargetChannel::has_connection() const noexcept {
  return std::ranges::any_of(
      routes_, [](const auto& route) { return route->connection != nullptr && route->connection->open(); });
}

bool TargetChannel::on_its_way() const noexcept {
  return resolving_ || std::ranges::any_of(routes_, [](const auto& route) { return route->connector != nullptr; });
}

bool TargetChannel::connect() {
  if (closed_) return false;
  const auto now = rpc::Clock::now();
  if (must_resolve_) {
    if (!resolving_ && now >= resolve_not_before_) resolve();
    return on_its_way();
  }
  for (const auto& route : routes_) {
    if (route->connection == nullptr && route->connector == nullptr && now >= route->not_before) connect(*route);
  }
  return on_its_way();
}

void TargetChannel::resolve() {
  resolving_ = true;
  lookup_.start(address_.host, address_.port,
                [this](const asio::error_code& error, const NameLookup::Addresses& addresses) {
                  resolving_ = false;
                  if (error) {
                    resolver_failure_ = address_.host + ": " + error.message();
                    resolve_not_before_ = rpc::Clock::now() + first_backoff;
                    if (context_.log) context_.log("the target \"" + options_.name + "\": " + resolver_failure_);
                    settle_waiting();
                    return;
                  }
                  resolver_failure_.clear();
                  must_resolve_ = false;
                  use_endpoints(std::vector<Endpoint>(addresses.begin(), addresses.end()));
                  place_waiting();
                  if (options_.policy == TargetBalancing::round_robin) static_cast<void>(connect());
                });
}

void TargetChannel::use_endpoints(const std::vector<Endpoint>& endpoints) {
  const bool one = options_.policy == TargetBalancing::pick_first;
  std::vector<std::unique_ptr<Route>> before = std::exchange(routes_, {});
  const auto route_of = [&](std::vector<Endpoint> to) {
    const auto same = std::ranges::find_if(
        before, [&](const auto& route) { return route != nullptr && (one || route->endpoints == to); });
    std::unique_ptr<Route> route = same == before.end() ? std::make_unique<Route>() : std::move(*same);
    route->endpoints = std::move(to);
    if (route->health == nullptr && !one) route->health = ejection_.begin();
    routes_.push_back(std::move(route));
  };
  if (one) {
    route_of(endpoints);
  } else {
    for (const Endpoint& endpoint : endpoints) route_of({endpoint});
  }
  if (!one && ejection_.enabled()) {
    std::vector<std::shared_ptr<AddressHealth>> all;
    for (const auto& route : routes_) all.push_back(route->health);
    ejection_.use(std::move(all));
  }
  for (const auto& route : before) {  // to where the target is not any more
    if (route == nullptr) continue;
    if (route->connector != nullptr) route->connector->cancel();
    if (route->connection != nullptr) {
      route->connection->drain();
      draining_.push_back(std::move(route->connection));
    }
  }
}

std::string TargetChannel::name_of_server() const {
  return std::string(host_of_authority(options_.authority.empty() ? address_.authority : options_.authority));
}

void TargetChannel::connect(Route& route) {
  route.connector =
      std::make_shared<Connector>(context_.io, route.endpoints, options_.tls.enabled ? &options_.tls : nullptr,
                                  name_of_server(), options_.connect_timeout);
  if (options_.takes_any_certificate) route.connector->take_any_certificate();
  route.connector->set_tls_advice(options_.tls_advice);
  const auto began = rpc::Clock::now();
  route.connector->start([this, alive = alive_, &route, began](Result<Transport> made) {
    if (!*alive) return;
    connected(route, began, std::move(made));
  });
}

void TargetChannel::connected(Route& route, rpc::Clock::time_point began, Result<Transport> made) {
  route.connector = nullptr;
  if (!made.ok()) {
    failed(route, began, made.error().message);
    settle_waiting();
    return;
  }
  route.failure.clear();
  ConnectionSettings settings{options_.tls.enabled ? "https" : "http",
                              options_.authority.empty() ? address_.authority : options_.authority,
                              options_.keepalive_time, options_.keepalive_timeout};
  ConnectionOwner& owner = *this;
  route.connection = std::make_shared<Connection>(std::move(made).value(), std::move(settings), context_.timers,
                                                  context_.output, owner);
  route.connection->start();
  place_waiting();
}

void TargetChannel::failed(Route& route, rpc::Clock::time_point began, const std::string& why) {
  route.failure = why;
  route.backoff = route.backoff.count() == 0
                      ? first_backoff
                      : std::min(longest_backoff, std::chrono::milliseconds(static_cast<std::int64_t>(
                                                      static_cast<double>(route.backoff.count()) * backoff_growth)));
  std::uniform_real_distribution<double> jitter(1 - backoff_jitter, 1 + backoff_jitter);
  route.not_before = began + std::chrono::milliseconds(static_cast<std::int64_t>(
                                 static_cast<double>(route.backoff.count()) * jitter(random_)));
  must_resolve_ = !address_.host.empty();
  if (context_.log) context_.log("the target \"" + options_.name + "\" cannot be reached: " + why);
}

std::string TargetChannel::last_failure() const {
  if (closed_) return "the server stops";
  if (!resolver_failure_.empty()) return resolver_failure_;
  for (const auto& route : routes_) {
    if (!route->failure.empty()) return route->failure;
  }
  return "no connection";
}

void TargetChannel::connection_draining(Connection& connection, const std::string&) noexcept {
  for (const auto& route : routes_) {
    if (route->connection.get() != &connection) continue;
    draining_.push_back(std::move(route->connection));
    must_resolve_ = !address_.host.empty();
  }
  place_waiting_later();
}

void TargetChannel::connection_closed(Connection& connection, const std::string& why) noexcept {
  std::erase_if(draining_, [&](const auto& one) { return one.get() == &connection; });
  for (const auto& route : routes_) {
    if (route->connection.get() != &connection) continue;
    route->connection = nullptr;
    must_resolve_ = !address_.host.empty();
    if (connection.has_greeted()) {
      route->backoff = std::chrono::milliseconds(0);
    } else {  // who closes at once is asked again as one that cannot be reached
      failed(*route, rpc::Clock::now(), why);
    }
  }
  if (!waiting_.empty() && !connect()) settle_waiting();
}

}  // namespace wasm_grpc::client
