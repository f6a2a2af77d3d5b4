// Which calls are traced, and who is told.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wasm_grpc {

/// Spans of calls, for a collector that speaks OTLP over gRPC. What it does not take in time is dropped and counted
/// (ServerCounters::spans_dropped): no call waits for it.
struct TraceOptions {
  /// The collector: "HOST:PORT" or "http://HOST:PORT", "https://HOST:PORT", or "unix:PATH". Empty: nothing is traced;
  /// guests then see in the metadata what clients say of their traces.
  std::string endpoint;
  /// Who signs the certificate of an https:// collector, PEM; the system's authorities when empty.
  std::string ca_file;
  /// Sent with each export, such as a key for the collector: names of metadata and values.
  std::vector<std::pair<std::string, std::string>> metadata;

  /// The part of the calls that are sampled, 0 to 1, of those whose client says nothing of it.
  double sample = 1;
  /// Whether a call is sampled when its client says so (W3C "traceparent"), and not when it says not. False: `sample`
  /// decides for all, as it should where anybody may call; they stay parts of the traces that clients name.
  bool follow_clients = true;

  /// What the collector knows the server by: the resource attribute service.name.
  std::string service_name = "wasm-grpc";
};

}  // namespace wasm_grpc
