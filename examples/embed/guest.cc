// A guest for the embed example: it calls a host function of that program's own.
#include <wasm_grpc/guest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace wasm_grpc::guest;

// The host function, as the embedder named it: import module "visits", function "count".
extern "C" __attribute__((import_module("visits"), import_name("count"))) std::int64_t visits_count(const char* name,
                                                                                                    std::size_t size);

namespace {

/// Request and reply are plain text here: a message is whatever bytes both sides agree on.
Reply greet(Context& context, Bytes name) {
  const char* greeting = std::getenv("GREETING");
  std::string& reply = context.scratch();
  reply = greeting != nullptr ? greeting : "Hello";
  reply.append(", ").append(name.text());
  reply.append("! Visits: ").append(std::to_string(visits_count(name.data(), name.size())));
  return Bytes(reply);
}

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.service("embed.Guest").unary("Greet", greet); }
