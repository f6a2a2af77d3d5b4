// Who is told of what a server does, by OTLP.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wasm_grpc {

/// A collector that speaks OTLP over gRPC. What it does not take in time is dropped and counted: no call waits for it.
struct CollectorOptions {
  /// "HOST:PORT" or "http://HOST:PORT", "https://HOST:PORT", or "unix:PATH". Empty: there is none.
  std::string endpoint;
  /// Who signs the certificate of an https:// collector, PEM; the system's authorities when empty.
  std::string ca_file;
  /// Sent with each export, such as a key for the collector: names of metadata and values.
  std::vector<std::pair<std::string, std::string>> metadata;
  /// What the collector knows the server by: the resource attribute service.name.
  std::string service_name = "wasm-grpc";
};

}  // namespace wasm_grpc
