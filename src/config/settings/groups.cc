#include "config/settings/groups.h"

namespace wasm_grpc::config {

std::span<const Group* const> groups() noexcept {
  static constexpr const Group* all[] = {&addresses,    &tls,   &workers, &modules,     &guests, &instances,
                                         &shared_state, &calls, &clients, &connections, &logs,   &traces};
  return all;
}

}  // namespace wasm_grpc::config
