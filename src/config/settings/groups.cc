#include "config/settings/groups.h"

namespace wasm_grpc::config {

std::span<const Group* const> groups() noexcept {
  static constexpr const Group* all[] = {&addresses,   &tls,    &access,    &workers,      &modules, &registries,
                                         &targets,     &guests, &instances, &shared_state, &calls,   &clients,
                                         &connections, &logs,   &traces,    &metrics,      &admin};
  return all;
}

}  // namespace wasm_grpc::config
