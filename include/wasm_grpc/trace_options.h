// Which calls are traced, and who is told.
#pragma once

#include "wasm_grpc/collector_options.h"

namespace wasm_grpc {

/// Spans of calls, for a collector; those that it does not take are counted by ServerCounters::spans_dropped. Without
/// one nothing is traced: guests then see in the metadata what clients say of their traces.
struct TraceOptions : CollectorOptions {
  /// The part of the calls that are sampled, 0 to 1, of those whose client says nothing of it.
  double sample = 1;
  /// Whether a call is sampled when its client says so (W3C "traceparent"), and not when it says not. False: `sample`
  /// decides for all, as it should where anybody may call; they stay parts of the traces that clients name.
  bool follow_clients = true;
};

}  // namespace wasm_grpc
