#include "http2/core.h"

#include <utility>

namespace wasm_grpc::http2 {

Core::Core(asio::io_context& io_context, const ConnectionOptions& connection_options,
           const rpc::MethodTable& method_table, rpc::TimerQueue& timer_queue, EndpointOwner& its_owner,
           rpc::CodecQueue* codecs)
    : SessionCore(connection_options, method_table, timer_queue, its_owner, codecs), io(io_context) {}

void Core::mark_dirty(Connection& connection) {
  dirty.emplace_back(connection);
  request_flush();
}

void Core::request_flush() noexcept {
  if (flush_requested) return;
  flush_requested = true;
  owner.wake();
}

void Core::connection_closed(std::size_t place) {
  // The last one takes its place.
  const ConnectionRef gone = std::move(open[place]);
  if (place + 1 != open.size()) {
    open[place] = std::move(open.back());
    open[place]->set_place(place);
  }
  open.pop_back();
  --counters.connections_open;
  if (draining && open.empty()) owner.drained();
}

}  // namespace wasm_grpc::http2
