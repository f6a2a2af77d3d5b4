// echo.Echo (echo.proto) as a guest: the shortest way a message can take in and out again.
#include <cstdint>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

// Concatenating is what RPC asks for; an endless stream shall not take all memory.
constexpr std::size_t max_concatenated = 4 << 20;

Reply client_stream(Context& context, Reader& in) {
  std::string payloads;
  for (Bytes request : in) {
    wire::Reader message(request);
    while (message.next()) {
      if (message.tag() != wire::bytes_tag(1)) continue;
      const Bytes payload = message.bytes();
      if (payload.size() > max_concatenated - payloads.size()) {
        return Status::resource_exhausted("the payloads are more than 4 MiB together; send fewer");
      }
      payloads.append(payload.text());
    }
    if (!message.ok()) return Status::invalid_argument("a request is not an echo.Message");
  }
  std::string& reply = context.scratch();
  wire::Writer(reply).bytes(1, payloads);
  return Bytes(reply);
}

Status server_stream(Context& context, Bytes request, Writer& out) {
  std::uint32_t count = 0;
  Bytes payload;
  wire::Reader repeat(request);
  while (repeat.next()) {
    switch (repeat.tag()) {
      case wire::varint_tag(1):
        count = repeat.uint32();
        break;
      case wire::bytes_tag(2):
        payload = repeat.bytes();
        break;
    }
  }
  if (!repeat.ok()) return Status::invalid_argument("the request is not an echo.Repeat");
  std::string& message = context.scratch();
  wire::Writer(message).bytes(1, payload);
  while (count-- > 0) {
    if (!out.write(message)) return Status::cancelled();
  }
  return Status::ok();
}

Status bidi_stream(Context&, Reader& in, Writer& out) {
  for (Bytes message : in) {
    if (!out.write(message)) return Status::cancelled();
  }
  return Status::ok();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("echo.Echo")
      .unary("Unary", [](Context&, Bytes request) -> Reply { return request; })
      .client_stream("ClientStream", client_stream)
      .server_stream("ServerStream", server_stream)
      .bidi_stream("BidiStream", bidi_stream);
}
