// What a guest says of the health of its services.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm_grpc/guest/abi.h"

namespace wasm_grpc::guest {

/// Says whether a service of this module, "package.Service", is fit to serve: what health checks (grpc.health.v1) then
/// answer. It holds for all instances of the module, until one says otherwise; services are at first. It may be said in
/// any handler, and while services are declared, after the methods of that service: then it holds from the load of the
/// module on, and instances that start later do not change it. False when the module has no such service.
inline bool set_serving(std::string_view service, bool serving) {
  return abi::wasm_grpc_1_health_set(service.data(), static_cast<std::uint32_t>(service.size()), serving ? 1 : 0) ==
         abi::ok;
}

}  // namespace wasm_grpc::guest
