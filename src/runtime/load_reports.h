// Load reports (ORCA, gRFC A51): in the trailers of calls, and as a service.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/load_monitor.h"
#include "runtime/worker.h"
#include "services/load_stream.h"
#include "wasm/memory_budget.h"

namespace wasm_grpc::runtime {

/// Measures once a second, on the first worker, and tells the others. The workers, and the memory of all guests,
/// outlive it but for what they still have to run.
class LoadReports {
 public:
  LoadReports(const std::vector<std::unique_ptr<Worker>>& workers, const wasm::MemoryBudget& memory, bool in_trailers)
      : workers_(workers), memory_(memory), in_trailers_(in_trailers) {}
  LoadReports(const LoadReports&) = delete;
  LoadReports& operator=(const LoadReports&) = delete;

  /// What serves the service on the next worker; called for each in turn.
  [[nodiscard]] std::unique_ptr<rpc::Handler> make_handler();
  /// From now on, until the first worker stops.
  void start();
  /// Ends the streams, which have no other end. On any thread.
  void end_streams();

 private:
  [[nodiscard]] LoadSample sample() const;
  void measure();

  const std::vector<std::unique_ptr<Worker>>& workers_;
  const wasm::MemoryBudget& memory_;
  const bool in_trailers_;
  services::LoadBoard board_;
  std::vector<services::LoadStreamHandler*> handlers_;  // of each worker, owned by it
  std::optional<LoadMonitor> monitor_;                  // of the first worker's thread
};

}  // namespace wasm_grpc::runtime
