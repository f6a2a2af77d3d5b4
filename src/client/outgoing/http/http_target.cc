#include "client/outgoing/http/http_target.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

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
  // gone() destroys it.
  auto* const call = new HttpCall(context_.timers, *this, std::move(authority), method, request, options_.any_fields);
  rpc::OutgoingCallPtr made(call);
  place(*call);
  return made;
}

void HttpTarget::gone(HttpCall& call) noexcept { delete &call; }

void HttpTarget::no_connection_wanted(HttpCall& call) noexcept {
  std::erase(waiting_, &call);
  for (const auto& attempt : attempts_) {
    if (attempt->call == &call) attempt->call = nullptr;
  }
}

void HttpTarget::place(HttpCall& call) {
  const HttpAuthority& to = call.authority();
  const std::string authority = to.host + ":" + to.port;
  const auto free = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const Idle& idle) { return idle.connection->authority() == authority; });
  if (free != idle_.rend()) {
    auto connection = std::move(free->connection);
    idle_.erase(std::next(free).base());
    busy_.push_back(connection);
    connection->begin(call);
    return;
  }
  if (connections() >= options_.max_connections && !idle_.empty()) {  // of another server
    idle_.front().connection->close();
    idle_.erase(idle_.begin());
  }
  if (connections() < options_.max_connections) return connect(call);
  if (waiting_.size() >= options_.max_waiting) {
    return call.end(
        {rpc::StatusCode::unavailable,
         std::to_string(waiting_.size()) + " requests wait for a connection to the target \"" + options_.name + "\""});
  }
  waiting_.push_back(&call);
}

// Not from inside of a connection or of a guest.
void HttpTarget::place_waiting_later() {
  if (waiting_.empty() || closed_ || std::exchange(placing_posted_, true)) return;
  asio::post(context_.io, [this, alive = alive_] {
    if (!*alive) return;
    placing_posted_ = false;
    for (HttpCall* const call : std::exchange(waiting_, {})) place(*call);
  });
}

// ---- Connections ----

void HttpTarget::connect(HttpCall& call) {
  auto attempt = std::make_shared<Attempt>(context_.io);
  attempt->call = &call;
  attempt->host = call.authority().host;
  attempt->authority = attempt->host + ":" + call.authority().port;
  attempts_.push_back(attempt);
  // The attempt has its lookup, which is not to have the attempt.
  attempt->lookup.start(
      attempt->host, call.authority().port,
      [this, weak = std::weak_ptr(attempt)](const asio::error_code& error, const NameLookup::Addresses& addresses) {
        const auto of = weak.lock();
        if (of == nullptr || closed_) return;
        if (error) return fail(of, rpc::StatusCode::unavailable, of->host + ": " + error.message());
        std::vector<Endpoint> endpoints;
        for (const auto& address : addresses) {
          if (!address_.wildcard || !is_private(address.address())) endpoints.emplace_back(address);
        }
        if (endpoints.empty()) {
          return fail(of, rpc::StatusCode::permission_denied,
                      of->host + " is at a private address, which a target with a wildcard does not reach");
        }
        resolved(of, endpoints);
      });
}

void HttpTarget::resolved(const std::shared_ptr<Attempt>& attempt, const std::vector<Endpoint>& endpoints) {
  const std::string name =
      options_.authority.empty() ? attempt->host : std::string(host_of_authority(options_.authority));
  attempt->connector = std::make_shared<Connector>(context_.io, endpoints, address_.tls ? &options_.tls : nullptr, name,
                                                   options_.connect_timeout, Connector::Speaks::http1);
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
  HttpConnectionOwner& owner = *this;
  auto connection = std::make_shared<HttpConnection>(std::move(made).value(), attempt->authority, owner);
  busy_.push_back(connection);
  if (attempt->call != nullptr) {
    connection->begin(*attempt->call);
  } else {
    connection->close();
    std::erase(busy_, connection);
    place_waiting_later();
  }
}

void HttpTarget::fail(const std::shared_ptr<Attempt>& attempt, rpc::StatusCode code, const std::string& why) {
  std::erase(attempts_, attempt);
  if (HttpCall* const call = std::exchange(attempt->call, nullptr)) {
    call->end({code, "the target \"" + options_.name + "\" cannot be reached: " + why});
  }
  place_waiting_later();
}

void HttpTarget::connection_free(HttpConnection& connection) noexcept {
  const auto found = std::ranges::find_if(busy_, [&](const auto& one) { return one.get() == &connection; });
  if (found == busy_.end()) return;
  idle_.push_back({std::move(*found), rpc::Clock::now()});
  busy_.erase(found);
  if (!scheduled()) context_.timers.schedule(*this, rpc::later(idle_.front().since, options_.idle_timeout));
  place_waiting_later();
}

void HttpTarget::connection_closed(HttpConnection& connection, HttpCall* unanswered) noexcept {
  std::erase_if(busy_, [&](const auto& one) { return one.get() == &connection; });
  std::erase_if(idle_, [&](const Idle& one) { return one.connection.get() == &connection; });
  if (unanswered != nullptr) waiting_.push_front(unanswered);
  place_waiting_later();
}

void HttpTarget::on_timer() noexcept {
  const auto now = rpc::Clock::now();
  while (!idle_.empty() && rpc::later(idle_.front().since, options_.idle_timeout) <= now) {
    idle_.front().connection->close();
    idle_.erase(idle_.begin());
  }
  if (!idle_.empty()) context_.timers.schedule(*this, rpc::later(idle_.front().since, options_.idle_timeout));
}

}  // namespace wasm_grpc::client
