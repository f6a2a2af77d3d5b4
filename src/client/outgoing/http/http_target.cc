#include "client/outgoing/http/http_target.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "client/outgoing/http/http2_exchange.h"
#include "client/target.h"

namespace wasm_grpc::client {

HttpTarget::HttpTarget(const ChannelContext& context, HttpTargetOptions options, HttpAddress address)
    : context_(context), options_(std::move(options)), address_(std::move(address)) {}

HttpTarget::~HttpTarget() {
  close();
  *alive_ = false;
}

void HttpTarget::close() noexcept {
  closed_ = true;
  const rpc::Status stops{rpc::StatusCode::unavailable, "the server stops"};
  for (const auto& attempt : std::exchange(attempts_, {})) {
    attempt->lookup.cancel();
    if (attempt->connector != nullptr) attempt->connector->cancel();
    if (attempt->call != nullptr) attempt->call->end(stops);
  }
  for (const auto& connection : std::exchange(busy_, {})) connection->shut(stops);
  for (const auto& idle : std::exchange(idle_, {})) idle.connection->close();
  for (const auto& shared : std::exchange(shared_, {})) shared.connection->abandon();
  for (const auto& connection : std::exchange(draining_, {})) connection->abandon();
  while (!waiting_.empty()) waiting_.front()->end(stops);
  if (scheduled()) context_.timers.cancel(*this);
}

// ---- Requests ----

rpc::OutgoingCallPtr HttpTarget::begin(const rpc::OutgoingRequest& request) {
  const auto refuse = [&](rpc::StatusCode code, std::string why) {
    return rpc::ended_call({code, "the target \"" + options_.name + "\": " + std::move(why)});
  };
  if (closed_) return refuse(rpc::StatusCode::unavailable, "the server stops");
  if (request.kind != rpc::MethodKind::http) {
    return refuse(rpc::StatusCode::unimplemented, "it is called by plain HTTP, and not by gRPC");
  }
  if (std::string wrong = check_http_request(request); !wrong.empty() && !options_.any_fields) {
    return refuse(rpc::StatusCode::invalid_argument, std::move(wrong));
  }
  if (request.deadline <= rpc::Clock::now()) {
    return refuse(rpc::StatusCode::deadline_exceeded, "the deadline had passed before the call was made");
  }
  HttpAuthority authority;
  const auto said = request.metadata.get(":authority");
  if (address_.wildcard) {
    auto found = find_authority(address_, said.value_or(""));
    if (!found) {
      return refuse(rpc::StatusCode::permission_denied,
                    "the server that the request names in :authority is not granted");
    }
    authority = std::move(*found);
  } else if (said) {
    return refuse(rpc::StatusCode::invalid_argument, "it is one server, and :authority is not to be said");
  } else {
    authority = authority_of(address_);
    if (!options_.authority.empty()) authority.text = options_.authority;
  }
  const auto method = request.metadata.get(":method").value_or("GET");
  HttpCallOwner& owner = *this;
  return rpc::OutgoingCallPtr(new HttpCall(context_.timers, owner, std::move(authority), method, request,
                                           options_.any_fields));  // gone() destroys it
}

void HttpTarget::gone(HttpCall& call) noexcept { delete &call; }

void HttpTarget::no_stream_wanted(HttpCall& call) noexcept {
  std::erase(waiting_, &call);
  for (const auto& attempt : attempts_) {
    if (attempt->call == &call) attempt->call = nullptr;
  }
}

void HttpTarget::again(HttpCall& call) noexcept {
  waiting_.push_front(&call);
  if (closed_) return call.end({rpc::StatusCode::unavailable, "the server stops"});
  place_waiting_later();
}

bool HttpTarget::may_share() const noexcept {
  return options_.version == TargetHttpVersion::http2 ||
         (address_.tls && options_.version == TargetHttpVersion::automatic);
}

// None overtakes another, where all go to one server.
void HttpTarget::begun(HttpCall& call) {
  if (waiting_.empty() || address_.wildcard) return place(call);
  wait(call);
}

void HttpTarget::place(HttpCall& call) {
  std::string name = call.authority().host + ":" + call.authority().port;
  if (give(call, name)) return;
  if (closed_) return call.end({rpc::StatusCode::unavailable, "the server stops"});
  if (waits_for_shared(name)) return wait(call);
  make_room();
  if (connections() < options_.max_connections) return connect(call, std::move(name));
  wait(call);
}

void HttpTarget::wait(HttpCall& call) {
  if (waiting_.size() >= options_.max_waiting) {
    return call.end({rpc::StatusCode::unavailable, std::to_string(waiting_.size()) +
                                                       " requests wait for the target \"" + options_.name +
                                                       "\", which has no room for them"});
  }
  waiting_.push_back(&call);
}

bool HttpTarget::give(HttpCall& call, const std::string& name) {
  const auto has_room = [&](const Shared& shared) { return shared.name == name && shared.connection->has_room(); };
  for (auto found = std::ranges::find_if(shared_, has_room); found != shared_.end();
       found = std::ranges::find_if(shared_, has_room)) {
    if (give_to_shared(call, *found)) return true;  // else it is there no more
  }
  const auto free = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const Idle& idle) { return idle.connection->authority() == name; });
  if (free == idle_.rend()) return false;
  auto connection = std::move(free->connection);
  idle_.erase(std::next(free).base());
  busy_.push_back(connection);
  connection->begin(call);
  return true;
}

bool HttpTarget::give_to_shared(HttpCall& call, Shared& shared) {
  HttpCallOwner& owner = *this;
  auto exchange = std::make_unique<Http2Exchange>(call, owner);
  if (const auto connection = shared.connection; !connection->add(*exchange)) return false;
  shared.used = rpc::Clock::now();
  call.begin_stream(std::move(exchange));
  return true;
}

// One that speaks HTTP/1.1 has connections already, or gets one by the attempt that the others wait for.
bool HttpTarget::waits_for_shared(const std::string& name) const noexcept {
  const auto is_open = [&](const Shared& shared) { return shared.name == name && shared.connection->open(); };
  const auto may_come = [&](const auto& attempt) { return attempt->name == name && attempt->may_be_http2; };
  return std::ranges::any_of(shared_, is_open) || std::ranges::any_of(attempts_, may_come);
}

void HttpTarget::make_room() noexcept {
  if (connections() < options_.max_connections) return;
  if (!idle_.empty()) {
    idle_.front().connection->close();
    idle_.erase(idle_.begin());
    return;
  }
  const auto unused =
      std::ranges::find_if(shared_, [](const Shared& shared) { return shared.connection->exchanges() == 0; });
  if (unused == shared_.end()) return;
  unused->connection->abandon();
  shared_.erase(unused);
}

// Not from inside of a connection or of a guest.
void HttpTarget::place_waiting_later() {
  if (waiting_.empty() || closed_ || std::exchange(placing_posted_, true)) return;
  asio::post(context_.io, [this, alive = alive_] {
    if (!*alive) return;
    placing_posted_ = false;
    auto before = std::exchange(waiting_, {});
    while (!before.empty()) {
      HttpCall* const first = before.front();
      before.pop_front();
      place(*first);
      if (address_.wildcard || waiting_.empty()) continue;
      waiting_.insert(waiting_.end(), before.begin(), before.end());  // there is no room for those behind it either
      return;
    }
  });
}

// ---- Connections ----

void HttpTarget::connect(HttpCall& call, std::string name) {
  const auto to_it = [&](const auto& connection) { return connection->authority() == name; };
  auto attempt = std::make_shared<Attempt>(context_.io);
  attempt->call = &call;
  attempt->authority = call.authority();
  attempt->may_be_http2 = may_share() && std::ranges::none_of(busy_, to_it);
  attempt->name = std::move(name);
  attempts_.push_back(attempt);
  // The attempt has its lookup, which is not to have the attempt.
  attempt->lookup.start(
      attempt->authority.host, attempt->authority.port,
      [this, weak = std::weak_ptr(attempt)](const asio::error_code& error, const NameLookup::Addresses& addresses) {
        const auto of = weak.lock();
        if (of == nullptr || closed_) return;
        const std::string& host = of->authority.host;
        if (error) return fail(of, rpc::StatusCode::unavailable, host + ": " + error.message());
        std::vector<Endpoint> endpoints;
        for (const auto& address : addresses) {
          if (!address_.wildcard || !is_private(address.address())) endpoints.emplace_back(address);
        }
        if (endpoints.empty()) {
          return fail(of, rpc::StatusCode::permission_denied,
                      host + " is at a private address, which a target with a wildcard does not reach");
        }
        resolved(of, endpoints);
      });
}

void HttpTarget::resolved(const std::shared_ptr<Attempt>& attempt, const std::vector<Endpoint>& endpoints) {
  const std::string name =
      options_.authority.empty() ? attempt->authority.host : std::string(host_of_authority(options_.authority));
  const auto speaks = options_.version == TargetHttpVersion::http1   ? Connector::Speaks::http1
                      : options_.version == TargetHttpVersion::http2 ? Connector::Speaks::http2
                                                                     : Connector::Speaks::either;
  attempt->connector = std::make_shared<Connector>(context_.io, endpoints, address_.tls ? &options_.tls : nullptr, name,
                                                   options_.connect_timeout, speaks);
  if (options_.takes_any_certificate) attempt->connector->take_any_certificate();
  attempt->connector->set_tls_advice(options_.tls_advice);
  attempt->connector->start([this, alive = alive_, attempt](Result<Transport> made) {
    if (*alive) finished(attempt, std::move(made));
  });
}

void HttpTarget::finished(const std::shared_ptr<Attempt>& attempt, Result<Transport> made) {
  if (!made.ok()) {
    if (context_.log) context_.log("the target \"" + options_.name + "\" cannot be reached: " + made.error().message);
    return fail(attempt, rpc::StatusCode::unavailable, made.error().message);
  }
  std::erase(attempts_, attempt);
  place_waiting_later();
  const bool is_http2 = address_.tls ? made.value().chose_http2 : options_.version == TargetHttpVersion::http2;
  HttpCall* const call = std::exchange(attempt->call, nullptr);
  if (is_http2) {
    share(*attempt, std::move(made).value());
    if (call != nullptr) place(*call);
    return;
  }
  Http1ConnectionOwner& owner = *this;
  auto connection = std::make_shared<Http1Connection>(std::move(made).value(), attempt->name, owner);
  if (call == nullptr) return connection->close();
  busy_.push_back(connection);
  connection->begin(*call);
}

void HttpTarget::share(const Attempt& attempt, Transport transport) {
  ConnectionOwner& owner = *this;
  auto connection = std::make_shared<Connection>(
      std::move(transport), ConnectionSettings{address_.tls ? "https" : "http", attempt.authority.text},
      context_.timers, context_.output, owner);
  shared_.push_back({attempt.name, connection, rpc::Clock::now()});
  connection->start();
  arm_idle_timer();
}

void HttpTarget::fail(const std::shared_ptr<Attempt>& attempt, rpc::StatusCode code, const std::string& why) {
  std::erase(attempts_, attempt);
  const rpc::Status status{code, "the target \"" + options_.name + "\" cannot be reached: " + why};
  if (HttpCall* const call = std::exchange(attempt->call, nullptr)) call->end(status);
  if (attempt->may_be_http2) {  // of which others have waited
    for (HttpCall* const call : std::exchange(waiting_, {})) {
      const HttpAuthority& to = call->authority();
      if (to.host + ":" + to.port == attempt->name) {
        call->end(status);
      } else {
        waiting_.push_back(call);
      }
    }
  }
  place_waiting_later();
}

void HttpTarget::connection_free(Http1Connection& connection) noexcept {
  const auto found = std::ranges::find_if(busy_, [&](const auto& one) { return one.get() == &connection; });
  if (found == busy_.end()) return;
  idle_.push_back({std::move(*found), rpc::Clock::now()});
  busy_.erase(found);
  arm_idle_timer();
  place_waiting_later();
}

void HttpTarget::connection_closed(Http1Connection& connection) noexcept {
  std::erase_if(busy_, [&](const auto& one) { return one.get() == &connection; });
  std::erase_if(idle_, [&](const Idle& one) { return one.connection.get() == &connection; });
  place_waiting_later();
}

void HttpTarget::connection_draining(Connection& connection, const std::string&) noexcept {
  const auto found =
      std::ranges::find_if(shared_, [&](const Shared& one) { return one.connection.get() == &connection; });
  if (found == shared_.end()) return;
  draining_.push_back(std::move(found->connection));
  shared_.erase(found);
  place_waiting_later();
}

void HttpTarget::connection_has_room(Connection&) noexcept { place_waiting_later(); }

void HttpTarget::connection_closed(Connection& connection, const std::string& why) noexcept {
  if (context_.log && !connection.has_greeted()) {
    context_.log("the target \"" + options_.name + "\" cannot be reached: " + why);
  }
  std::erase_if(shared_, [&](const Shared& one) { return one.connection.get() == &connection; });
  std::erase_if(draining_, [&](const auto& one) { return one.get() == &connection; });
  place_waiting_later();
}

void HttpTarget::returned(Exchange& exchange) noexcept { again(static_cast<Http2Exchange&>(exchange).call()); }

// ---- Those that nobody uses ----

void HttpTarget::arm_idle_timer() noexcept {
  if (scheduled() || (idle_.empty() && shared_.empty())) return;
  const auto now = rpc::Clock::now();
  auto next = idle_.empty() ? now : idle_.front().since;
  for (const Shared& shared : shared_) {
    if (shared.connection->exchanges() == 0) next = std::min(next, std::max(shared.used, shared.connection->heard()));
  }
  context_.timers.schedule(*this, rpc::later(next, options_.idle_timeout));
}

void HttpTarget::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  const auto is_over = [&](rpc::Clock::time_point since) { return rpc::later(since, options_.idle_timeout) <= now; };
  while (!idle_.empty() && is_over(idle_.front().since)) {
    idle_.front().connection->close();
    idle_.erase(idle_.begin());
  }
  std::erase_if(shared_, [&](const Shared& shared) {
    if (shared.connection->exchanges() > 0 || !is_over(std::max(shared.used, shared.connection->heard()))) return false;
    shared.connection->abandon();
    return true;
  });
  arm_idle_timer();
  place_waiting_later();
}

}  // namespace wasm_grpc::client
