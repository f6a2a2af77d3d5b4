// xds.service.orca.v3.OpenRcaService: load reports that come by themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "rpc/request_handler.h"
#include "services/load_report.h"

namespace wasm_grpc::services {

inline constexpr std::string_view load_stream_path = "/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics";

/// The interval that an OrcaLoadReportRequest asks for, zero where it asks for none; nothing when it is no such
/// message.
[[nodiscard]] std::optional<std::chrono::milliseconds> asked_interval(std::span<const std::byte> request);

/// StreamCoreMetrics, for the clients of one worker: a report at once, then one after each interval. The board outlives
/// it.
class LoadStreamHandler final : public rpc::RequestHandler {
 public:
  /// Runs a function on the worker's thread after some time, while the handler is there.
  using Post = std::function<void(std::chrono::milliseconds after, std::function<void()> function)>;

  /// As often as the load is measured; more often there is nothing new.
  static constexpr std::chrono::milliseconds least_interval{1000};

  LoadStreamHandler(const LoadBoard& board, Post post);
  ~LoadStreamHandler() override;

  /// Ends all streams: the server stops. On the worker's thread.
  void end_all() noexcept;

 private:
  class Stream;

  void serve(rpc::Call& call) noexcept override;
  void report(std::uint64_t id) noexcept;
  void end(std::uint64_t id) noexcept;

  const LoadBoard& board_;
  const Post post_;
  bool stopping_ = false;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Stream>> streams_;  // by numbers: a time may come after its stream
};

}  // namespace wasm_grpc::services
