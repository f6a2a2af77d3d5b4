// helloworld.Greeter (helloworld.proto) as a guest, over code that protoc-gen-wasm-grpc generates.
#include <string>

#include "helloworld.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using helloworld::HelloReply;
using helloworld::HelloRequest;

namespace {

class Greeter : public helloworld::Greeter {
 public:
  Result<HelloReply> SayHello(Context&, const HelloRequest& request) override {
    return HelloReply{.message = "Hello " + request.name};
  }

  Status SayHelloStreamReply(Context&, const HelloRequest& request, MessageWriter<HelloReply>& out) override {
    for (const char* words : {"Hello ", "Nice to see you, ", "Take care, "}) {
      if (!out.write({.message = words + request.name})) return Status::cancelled();
    }
    return Status::ok();
  }
};

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Greeter>(); }
