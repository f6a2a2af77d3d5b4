// The flags of how long instances live and what is kept of them.
#pragma once

#include <cstddef>
#include <optional>

#include "wasm_grpc/instance_life.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

struct InstanceFlags {
  InstanceLife life;
  std::optional<std::size_t> kept_slot_memory;

  void add_to(CLI::App& command);
  /// What is kept of ended instances: as given, or what fits the mode.
  [[nodiscard]] std::size_t slot_memory() const;
};

}  // namespace wasm_grpc::cli
