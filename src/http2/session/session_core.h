// What the sessions of one endpoint share.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facade/exchange.h"
#include "http1/date.h"
#include "http2/endpoint_owner.h"
#include "http2/session/bandwidth.h"
#include "http2/session/counters.h"
#include "http2/session/field_block.h"
#include "http2/session/output_budget.h"
#include "http2/session/session.h"
#include "http2/session/stream.h"
#include "net/networks.h"
#include "net/terms.h"
#include "rpc/batch_clock.h"
#include "rpc/method_table.h"
#include "rpc/timer_queue.h"
#include "wasm_grpc/connection_options.h"
#include "wasm_grpc/rpc/call_observer.h"

namespace wasm_grpc::http2 {

/// Owned by the endpoint; open sessions and their streams refer to it.
struct SessionCore {
  SessionCore(const ConnectionOptions& connection_options, const rpc::MethodTable& method_table,
              rpc::TimerQueue& timer_queue, EndpointOwner& its_owner, rpc::CodecQueue* codecs);

  const std::shared_ptr<const net::Terms> terms;  // of sessions that have none of their own
  net::Networks certificate_forwarders;           // ServerOptions::certificate_forwarders
  std::shared_ptr<WindowBudget> window_budget;    // ClientLimits::max_window_growth; nullptr: windows stay as they are
  std::shared_ptr<OutputBudget> output_budget;    // ServerOptions::max_unread_output; nullptr: no limit
  const rpc::MethodTable& methods;
  rpc::TimerQueue& timers;
  EndpointOwner& owner;
  Counters counters;
  rpc::CallObserver* observer = nullptr;  // of the calls that handlers get; nullptr: nobody
  std::uint64_t next_call = 1;            // the number of the next one
  std::uint64_t call_step = 1;            // between the numbers of two
  rpc::Gate* gate = nullptr;              // asked of each call before it begins; nullptr: all may
  std::string load_trailer;               // Endpoint::set_load_trailer(), in base64
  rpc::BatchClock clock;                  // of what is read, or sent, together

  std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks;

  StreamPool streams;
  std::optional<facade::Tools> facade_tools;  // nothing: only gRPC and HTTP are spoken

  // Scratch space for whichever session has its turn.
  FieldBlock fields;
  http1::Date date;
  std::vector<std::byte> frames;  // what a facade has made of a body
};

}  // namespace wasm_grpc::http2
