// burn.Burn: a guest whose calls take some CPU time, and hardly anything else.
#include <cstdint>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

/// A linear congruential generator, so many steps on.
std::uint64_t compute(std::uint32_t steps) {
  std::uint64_t state = 1;
  for (std::uint32_t i = 0; i < steps; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(state));  // step by step
  }
  return state;
}

/// message Work { uint32 steps = 1; } gives message Done { fixed64 state = 1; }
Reply unary(Context& context, Bytes request) {
  std::uint32_t steps = 0;
  wire::Reader in(request);
  while (in.next()) {
    if (in.tag() == wire::varint_tag(1)) steps = in.uint32();
  }
  if (!in.ok()) return Status::invalid_argument("the request is not a Work");
  std::string& reply = context.scratch();
  wire::Writer(reply).fixed64(1, compute(steps));
  return Bytes(reply);
}

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.service("burn.Burn").unary("Unary", unary); }
