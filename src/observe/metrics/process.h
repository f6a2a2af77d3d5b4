// What Prometheus' clients tell of their process.
#pragma once

#include <cstdint>

#include "observe/metrics/metric_writer.h"

namespace wasm_grpc::observe {

/// Of this process, by /proc; 0 what cannot be read.
struct ProcessFacts {
  double cpu_seconds = 0;
  double start_time = 0;  // seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_files = 0;
  std::uint64_t max_open_files = 0;
};
[[nodiscard]] ProcessFacts process_facts();

/// Under the names that they have everywhere: process_*.
void write_process(MetricWriter& writer);

}  // namespace wasm_grpc::observe
