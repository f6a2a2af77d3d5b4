// What the connections of one endpoint share.
#pragma once

#include <nghttp2/nghttp2.h>

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "facade/exchange.h"
#include "http1/date.h"
#include "http2/bandwidth.h"
#include "http2/connection.h"
#include "http2/field_block.h"
#include "http2/host.h"
#include "http2/stream.h"
#include "net/networks.h"
#include "net/socket_io.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/connection_options.h"

namespace wasm_grpc::http2 {

/// Owned by the endpoint; open connections and their streams refer to it.
struct Core {
  Core(asio::io_context& io_context, const ConnectionOptions& connection_options, const rpc::MethodTable& method_table,
       rpc::TimerQueue& timer_queue, Host& its_host, rpc::CodecQueue* codecs);

  /// Notes that the connection has something to send, and asks the host for a flush.
  void mark_dirty(Connection& connection);
  /// Asks the host for a flush, once until it comes.
  void request_flush() noexcept;
  /// The connection at that place of `open` has closed.
  void connection_closed(std::size_t place);

  asio::io_context& io;
  const ConnectionOptions settings;
  net::Networks certificate_forwarders;         // ServerOptions::certificate_forwarders
  std::shared_ptr<WindowBudget> window_budget;  // ClientLimits::max_window_growth; nullptr: windows stay as they are
  const rpc::MethodTable& methods;
  rpc::TimerQueue& timers;
  Host& host;
  Counters counters;

  std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks;
  std::unique_ptr<nghttp2_option, OptionDeleter> options;
  std::unique_ptr<nghttp2_option, OptionDeleter> options_for_any_authority;

  StreamPool streams;
  std::optional<facade::Tools> facade_tools;  // nothing: only gRPC and HTTP are spoken
  std::vector<ConnectionRef> open;            // each knows its place
  std::vector<ConnectionRef> dirty;           // those flush() is to look at
  std::vector<ConnectionRef> flushing;
  bool flush_requested = false;
  bool draining = false;
  bool closing = false;  // what is left is ended

  // Scratch space for whichever connection has its turn.
  FieldBlock fields;
  http1::Date date;
  net::SocketScratch sockets;
  std::vector<std::byte> frames;  // what a facade has made of a body
};

}  // namespace wasm_grpc::http2
