// What the module exports to the host.
#pragma once

#include <cstdint>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/service.h"

namespace wasm_grpc::guest::detail {

/// The instance's only registry. Never destroyed: an instance has no orderly end.
[[nodiscard]] inline Registry& registry() {
  static Registry* const the_registry = new Registry;
  return *the_registry;
}

}  // namespace wasm_grpc::guest::detail

/// Declares the guest's services and makes its exports; once per module, at namespace scope:
///
///   WASM_GRPC_SERVICES(registry) {
///     registry.service("package.Service").unary("Method", handler);
///   }
///
/// The body runs once in every new instance, and must declare the same methods every time.
#define WASM_GRPC_SERVICES(registry)                                                                   \
  static void wasm_grpc_declare_services(::wasm_grpc::guest::Registry& registry);                      \
  extern "C" {                                                                                         \
  WASM_GRPC_EXPORT("wasm_grpc_start") void wasm_grpc_start();                                          \
  WASM_GRPC_EXPORT("wasm_grpc_call") std::int32_t wasm_grpc_call(std::int32_t call, std::int32_t tag); \
  WASM_GRPC_EXPORT("wasm_grpc_event")                                                                  \
  void wasm_grpc_event(std::int32_t call, std::int32_t event, std::int32_t value);                     \
  void wasm_grpc_start() { wasm_grpc_declare_services(::wasm_grpc::guest::detail::registry()); }       \
  std::int32_t wasm_grpc_call(std::int32_t call, std::int32_t tag) {                                   \
    return ::wasm_grpc::guest::detail::registry().dispatch(call, tag);                                 \
  }                                                                                                    \
  void wasm_grpc_event(std::int32_t call, std::int32_t event, std::int32_t value) {                    \
    ::wasm_grpc::guest::detail::registry().event(call, event, value);                                  \
  }                                                                                                    \
  }                                                                                                    \
  static void wasm_grpc_declare_services([[maybe_unused]] ::wasm_grpc::guest::Registry& registry)
