// test.BadStarts: a guest whose instances often fail to start, and often take their time. The module itself loads.
#include <cstdint>
#include <ctime>
#include <string>

#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/atomics.h"

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  const std::int64_t start = Counter::named("starts").add();
  if (start > 4) {
    if (start % 3 == 0) __builtin_trap();
    constexpr timespec time{.tv_sec = 0, .tv_nsec = 30'000'000};
    if (start % 3 == 1) nanosleep(&time, nullptr);
  }
  registry.service("test.BadStarts")
      .unary("Echo", [](Context&, Bytes request) -> Reply { return request; })
      .unary("Exit", [](Context&, Bytes) -> Reply { __builtin_trap(); });
}
