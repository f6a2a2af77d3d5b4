#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  registry.service("hello.Hello").unary("Say", [](Context&, Bytes request) -> Reply {
    if (request.empty()) return Status::invalid_argument("say something");
    return "you said " + request.copy();
  });
}
