#include "http2/endpoint.h"

#include <utility>

#include "http2/connection.h"
#include "http2/core.h"
#include "http2/listener.h"

namespace wasm_grpc::http2 {

Endpoint::Endpoint(asio::io_context& io, const Settings& settings, const rpc::MethodTable& methods,
                   rpc::TimerQueue& timers, Host& host)
    : core_(std::make_unique<Core>(io, settings, methods, timers, host)) {}

Endpoint::~Endpoint() {
  core_->draining = false;  // nobody is to be told any more
  close();
}

Result<> Endpoint::listen(const std::string& address, bool reuse_port, std::shared_ptr<TlsContext> tls) {
  auto listener = std::make_shared<Listener>(*core_);
  if (auto opened = listener->open(address, reuse_port, std::move(tls)); !opened) return opened;
  listeners_.push_back(std::move(listener));
  return success();
}

Result<> Endpoint::listen_unix(const std::string& path, std::span<Endpoint* const> others) {
  std::vector<std::shared_ptr<Listener>> listeners;
  for (const Endpoint* other : others) listeners.push_back(std::make_shared<Listener>(*other->core_));
  auto listener = std::make_shared<Listener>(*core_);
  if (auto opened = listener->open_unix(path, listeners); !opened) return opened;
  for (std::size_t i = 0; i < others.size(); ++i) others[i]->listeners_.push_back(std::move(listeners[i]));
  listeners_.push_back(std::move(listener));
  return success();
}

asio::ip::tcp::endpoint Endpoint::local_address() const {
  return listeners_.empty() ? asio::ip::tcp::endpoint() : listeners_.back()->local_endpoint();
}

void Endpoint::flush() noexcept {
  core_->flush_requested = false;
  // Those marked from now on have their turn at the next flush.
  std::swap(core_->dirty, core_->flushing);
  for (const ConnectionRef& connection : core_->flushing) connection->flush();
  core_->flushing.clear();
}

void Endpoint::drain() noexcept {
  if (core_->draining) return;
  core_->draining = true;
  for (const auto& listener : listeners_) listener->close();
  if (core_->open.empty()) {
    core_->host.drained();
    return;
  }
  // A copy: a connection may close, and leave the list, at once.
  const std::vector<ConnectionRef> connections = core_->open;
  for (const ConnectionRef& connection : connections) connection->drain();
}

void Endpoint::close() noexcept {
  for (const auto& listener : listeners_) listener->close();
  const std::vector<ConnectionRef> connections = core_->open;
  for (const ConnectionRef& connection : connections) connection->close();
  core_->dirty.clear();
}

const Counters& Endpoint::counters() const noexcept { return core_->counters; }

std::size_t Endpoint::live_streams() const noexcept { return core_->streams.in_use(); }

}  // namespace wasm_grpc::http2
