#include "services/load_report.h"

#include <bit>

namespace wasm_grpc::services {

namespace {

// A double: field number and wire type 1, then its bytes, the lowest first.
void append(std::string& message, unsigned field, double value) {
  if (value == 0) return;
  constexpr unsigned fixed64 = 1;
  message.push_back(static_cast<char>(field << 3 | fixed64));
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) message.push_back(static_cast<char>(bits & 0xff));
}

// The numbers are those of xds/data/orca/v3/orca_load_report.proto.
constexpr unsigned cpu_utilization = 1, mem_utilization = 2, rps_fractional = 6, eps = 7;

}  // namespace

std::string serialized(const Load& load) {
  std::string message;
  append(message, cpu_utilization, load.cpu);
  append(message, mem_utilization, load.memory);
  append(message, rps_fractional, load.calls);
  append(message, eps, load.errors);
  return message;
}

}  // namespace wasm_grpc::services
