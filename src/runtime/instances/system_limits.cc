#include "runtime/instances/system_limits.h"

#include <fstream>

namespace wasm_grpc::runtime {

namespace {
// Measured with Wasmtime 48: two for each stack there may be, from the start, and four for the memory and table of each
// instance that was ever alive.
constexpr std::uint64_t mappings_per_instance = 6;
constexpr std::uint64_t mappings_of_the_rest = 1000;
}  // namespace

std::uint64_t mappings_of(std::uint32_t instances) noexcept {
  return instances * mappings_per_instance + mappings_of_the_rest;
}

std::optional<std::string> too_few_mappings(std::uint32_t instances, std::uint64_t allowed) {
  const std::uint64_t needed = mappings_of(instances);
  if (needed <= allowed) return std::nullopt;
  return std::to_string(instances) + " instances may take " + std::to_string(needed) +
         " memory mappings, and the system allows a process " + std::to_string(allowed) +
         ": calls will fail when they run out; raise vm.max_map_count (sysctl), or lower the number of instances";
}

std::optional<std::uint64_t> allowed_mappings() {
  std::ifstream file("/proc/sys/vm/max_map_count");
  std::uint64_t allowed = 0;
  if (!(file >> allowed)) return std::nullopt;
  return allowed;
}

}  // namespace wasm_grpc::runtime
