// The rest of docs/guest-cpp.md.
#include <chrono>
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

Reply join(Context&, Reader& in) {
  std::string joined;
  for (Bytes message : in) joined += message.text();  // waits for each
  return joined;
}

Status repeat(Context&, Bytes request, Writer& out) {
  for (int i = 0; i < 3; ++i) {
    if (!out.write(request)) break;  // waits while the client is slow
  }
  return Status::ok();
}

Status chat(Context&, Reader& in, Writer& out) {
  for (Bytes message : in) {
    if (!out.write(message)) break;
  }
  return Status::ok();
}

void keys_and_values(Context& context) {
  auto token = context.metadata("authorization");      // std::optional<std::string>
  for (const auto& [key, value] : context.metadata())  // all of it, in the order sent
    log(LogLevel::debug, std::string(key) + ": " + std::string(value));
  context.add_header("x-served-by", "tour");    // before the first message
  context.add_trailer("checksum-bin", "\xFF");  // any time; -bin values are raw bytes
  (void)token;
}

Status work(Context& context) {
  if (auto left = context.time_left(); left && *left < std::chrono::milliseconds(5)) {
    return Status::deadline_exceeded("not enough time to begin");
  }
  context.sleep_for(std::chrono::milliseconds(10));  // others are served meanwhile
  for (int part = 0; part < 1000; ++part) {
    if (part % 100 == 0 && context.cancelled()) return Status::cancelled();
  }
  return Status::ok();
}

Reply large(Context& context, Bytes request) {
  context.compress(true);  // before the first message, at the latest; then message by message
  return request;
}

struct HelloRequest {
  std::string_view name;
  std::uint32_t times = 0;

  bool parse(Bytes bytes) {
    wire::Reader in(bytes);
    while (in.next()) {
      switch (in.tag()) {
        case wire::bytes_tag(1):  // string name = 1;
          name = in.text();
          break;
        case wire::varint_tag(2):  // uint32 times = 2;
          times = in.uint32();
          break;
      }
    }
    return in.ok();
  }
};

Reply hello(Context& context, Bytes request) {
  HelloRequest hello;
  if (!hello.parse(request)) return Status::invalid_argument("not a HelloRequest");
  std::string& reply = context.scratch();
  wire::Writer(reply).text(1, hello.name).uint32(2, hello.times);
  return Bytes(reply);
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("hello.Tour").client_stream("Join", join).server_stream("Repeat", repeat).bidi_stream("Chat", chat);

  registry.service("hello.More")
      .unary("Hello", hello)
      .unary("Large", large)
      .unary("Work", [](Context& context, Bytes) -> Reply { return work(context); })
      .unary("Metadata", [](Context& context, Bytes request) -> Reply {
        keys_and_values(context);
        return request;
      });
}
