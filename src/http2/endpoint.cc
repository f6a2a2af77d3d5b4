#include "http2/endpoint.h"

#include <utility>

#include "http2/connection.h"
#include "http2/core.h"
#include "rpc/base64.h"

namespace wasm_grpc::http2 {

Endpoint::Endpoint(asio::io_context& io, const ConnectionOptions& settings, const rpc::MethodTable& methods,
                   rpc::TimerQueue& timers, EndpointOwner& owner, rpc::CodecQueue* codecs)
    : core_(std::make_unique<Core>(io, settings, methods, timers, owner, codecs)) {}

Endpoint::~Endpoint() {
  core_->draining = false;  // nobody is to be told any more
  close();
}

void Endpoint::use_facades(std::shared_ptr<const facade::Facades> facades) {
  const facade::Facades& used = *facades;
  core_->facade_tools.emplace(used, core_->streams.codec(), core_->terms->settings.max_message_size,
                              std::move(facades));
}

void Endpoint::use_certificate_forwarders(net::Networks networks) {
  core_->certificate_forwarders = std::move(networks);
}

void Endpoint::use_call_numbers(std::uint64_t first, std::uint64_t step) noexcept {
  core_->next_call = first;
  core_->call_step = step;
}

std::uint64_t Endpoint::take_call_number() noexcept {
  const std::uint64_t number = core_->next_call;
  core_->next_call += core_->call_step;
  return number;
}

void Endpoint::use_observer(rpc::CallObserver& observer) noexcept { core_->observer = &observer; }

void Endpoint::use_gate(rpc::Gate* gate) noexcept { core_->gate = gate; }

void Endpoint::use_window_budget(std::shared_ptr<WindowBudget> budget) { core_->window_budget = std::move(budget); }

void Endpoint::use_output_budget(std::shared_ptr<OutputBudget> budget,
                                 std::function<void(std::function<void()>)> post) {
  budget->join({.post = std::move(post),
                .largest =
                    [this] {
                      if (core_->flush_requested) flush();
                      const Connection* connection = largest_unread();
                      return connection == nullptr ? 0 : connection->unread();
                    },
                .end_largest =
                    [this] {
                      if (Connection* connection = largest_unread(); connection != nullptr) connection->end_unread();
                    }});
  core_->output_budget = std::move(budget);
}

void Endpoint::set_load_trailer(std::string_view report) {
  core_->load_trailer.clear();
  rpc::base64_encode(report, core_->load_trailer);
}

Connection* Endpoint::largest_unread() const noexcept {
  Connection* largest = nullptr;
  for (const ConnectionRef& connection : core_->open) {
    if (connection->unread() > (largest == nullptr ? 0 : largest->unread())) largest = &*connection;
  }
  return largest;
}

asio::io_context& Endpoint::io() noexcept { return core_->io; }

void Endpoint::receive(net::Incoming&& connection) noexcept {
  if (closed_) return;  // the socket closes itself
  net::SslPointer ssl;
  if (connection.tls) {
    if (connection.terms != nullptr && connection.terms->tls != nullptr) ssl = connection.terms->tls->make_session();
    if (ssl == nullptr) return;  // out of memory
  }
  Connection::accept(*core_, std::move(connection), std::move(ssl));
}

void Endpoint::note_refused(std::string_view peer, std::string_view detail) noexcept {
  ++core_->counters.connections_refused;
  ++core_->counters.connections_ended[static_cast<std::size_t>(EndReason::too_many)];
  core_->owner.connection_ended(EndReason::too_many, peer, detail);
}

void Endpoint::flush() noexcept {
  core_->flush_requested = false;
  core_->clock.begin_batch();
  // Those marked from now on have their turn at the next flush.
  std::swap(core_->dirty, core_->flushing);
  for (const ConnectionRef& connection : core_->flushing) connection->flush();
  core_->flushing.clear();
}

void Endpoint::drain() noexcept {
  if (core_->draining) return;
  core_->draining = true;
  if (core_->open.empty()) {
    core_->owner.drained();
    return;
  }
  // A copy: a connection may close, and leave the list, at once.
  const std::vector<ConnectionRef> connections = core_->open;
  for (const ConnectionRef& connection : connections) connection->drain();
}

void Endpoint::close() noexcept {
  closed_ = true;
  core_->closing = true;
  const std::vector<ConnectionRef> connections = core_->open;
  for (const ConnectionRef& connection : connections) connection->close();
  core_->dirty.clear();
}

const Counters& Endpoint::counters() const noexcept { return core_->counters; }

std::size_t Endpoint::live_streams() const noexcept { return core_->streams.in_use(); }

}  // namespace wasm_grpc::http2
