// A guest with one method, package.Test/Shout: the request in capital letters.
#include <wasm_grpc/guest.h>

#include <cctype>
#include <string>

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  registry.service("package.Test").unary("Shout", [](Context& context, Bytes request) -> Reply {
    if (request.empty()) return Status::invalid_argument("there is nothing to shout");
    std::string& reply = context.scratch();
    for (const char c : request.text()) reply.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    return Bytes(reply);
  });
}
