// helloworld.Greeter (../greeter/helloworld.proto) once more, with messages read and written by hand: see
// docs/message-formats.md.
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

struct HelloRequest {
  std::string_view name;  // lives as long as the bytes it was parsed from

  [[nodiscard]] bool parse(Bytes bytes) {
    wire::Reader in(bytes);
    while (in.next()) {
      if (in.tag() == wire::bytes_tag(1)) name = in.text();
    }
    return in.ok();
  }
};

Status not_a_request() { return Status::invalid_argument("the request is not a helloworld.HelloRequest"); }

/// A HelloReply that greets `name`, in `buffer`. Its text is written in two parts, which spares putting it together
/// first.
Bytes greeting(std::string_view greeting, std::string_view name, std::string& buffer) {
  wire::Writer(buffer).message(1, [&](wire::Writer&) { buffer.append(greeting).append(name); });
  return buffer;
}

Reply say_hello(Context& context, Bytes request) {
  HelloRequest hello;
  if (!hello.parse(request)) return not_a_request();
  return greeting("Hello ", hello.name, context.scratch());
}

Status say_hello_stream_reply(Context& context, Bytes request, Writer& out) {
  HelloRequest hello;
  if (!hello.parse(request)) return not_a_request();
  for (const char* words : {"Hello ", "Nice to see you, ", "Take care, "}) {
    if (!out.write(greeting(words, hello.name, context.scratch()))) return Status::cancelled();
  }
  return Status::ok();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("helloworld.Greeter")
      .unary("SayHello", say_hello)
      .server_stream("SayHelloStreamReply", say_hello_stream_reply);
}
