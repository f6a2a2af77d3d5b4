// The other side of an export: a collector that speaks OTLP over gRPC.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "client/channel.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::observe::otlp {

/// What became of an export (OpenTelemetry Protocol, "OTLP/gRPC").
struct Exported {
  enum class Outcome : std::uint8_t {
    taken,
    try_later,  // it may be taken another time
    refused,    // it will not be
  };
  Outcome outcome = Outcome::taken;
  std::string why;             // of the last two
  std::uint64_t rejected = 0;  // of what was taken, so many were not
};

/// One at a time, on the thread that calls: whatever the collector does, an export ends within its time.
class Collector {
 public:
  explicit Collector(client::ChannelOptions options, client::Metadata metadata);
  ~Collector();

  /// The error says what about the address or the files makes no sense.
  [[nodiscard]] static Result<> check(const client::ChannelOptions& options);

  /// Calls the method with the request, which stays; ends early when that is asked for.
  [[nodiscard]] Exported send(const std::string& path, std::string_view request, std::chrono::milliseconds timeout,
                              const std::stop_token& stop);

 private:
  const client::ChannelOptions options_;
  const client::Metadata metadata_;
  std::unique_ptr<client::Channel> channel_;  // nullptr: none yet, or it is lost
};

}  // namespace wasm_grpc::observe::otlp
