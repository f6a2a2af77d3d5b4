// What the connections of one endpoint share.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <vector>

#include "http2/connection.h"
#include "http2/session/session_core.h"
#include "net/socket_io.h"

namespace wasm_grpc::http2 {

/// Owned by the endpoint; open connections refer to it.
struct Core : SessionCore {
  Core(asio::io_context& io_context, const ConnectionOptions& connection_options, const rpc::MethodTable& method_table,
       rpc::TimerQueue& timer_queue, EndpointOwner& its_owner, rpc::CodecQueue* codecs);

  /// Notes that the connection has something to send, and asks the owner for a flush.
  void mark_dirty(Connection& connection);
  /// Asks the owner for a flush, once until it comes.
  void request_flush() noexcept;
  /// The connection at that place of `open` has closed.
  void connection_closed(std::size_t place);

  asio::io_context& io;
  std::vector<ConnectionRef> open;   // each knows its place
  std::vector<ConnectionRef> dirty;  // those flush() is to look at
  std::vector<ConnectionRef> flushing;
  bool flush_requested = false;
  bool draining = false;
  bool closing = false;  // what is left is ended

  net::SocketScratch sockets;  // for whichever connection has its turn
};

}  // namespace wasm_grpc::http2
