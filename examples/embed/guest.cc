// A guest for the embed example: it calls host functions of that program's own.
#include <wasm_grpc/guest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace wasm_grpc::guest;

// The host function, as the embedder named it: import module "visits", function "count".
extern "C" __attribute__((import_module("visits"), import_name("count"))) std::int64_t visits_count(const char* name,
                                                                                                    std::size_t size);

// One that answers later, which the guest does not see: the call takes its time, and the host serves others meanwhile.
// The length of what it has written to `text`, when that is at most `cap`; -1 when there is nobody of that name.
extern "C" __attribute__((import_module("people"), import_name("find"))) std::int32_t people_find(const char* name,
                                                                                                  std::size_t size,
                                                                                                  char* text,
                                                                                                  std::size_t cap);

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

Reply describe(Context&, Bytes name) {
  std::string text(100, '\0');
  const std::int32_t length = people_find(name.data(), name.size(), text.data(), text.size());
  if (length < 0) return Status{StatusCode::not_found, "nobody of that name is known"};
  text.resize(std::min(text.size(), static_cast<std::size_t>(length)));
  return Bytes(text);
}

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.service("embed.Guest").unary("Greet", greet).unary("Describe", describe); }
