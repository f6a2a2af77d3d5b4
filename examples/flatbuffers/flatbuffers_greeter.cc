// flatgreeter.Greeter (greeter.fbs) as a guest: to the SDK a message is bytes, and FlatBuffers reads them where they
// lie.
#include <cstdint>
#include <string>

#include "greeter_generated.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using flatbuffers::FlatBufferBuilder;
using flatgreeter::HelloRequest;

namespace {

/// The request, or null when the bytes are none. To read bytes that were not verified could lead astray.
const HelloRequest* read(Bytes bytes) {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  return verifier.VerifyBuffer<HelloRequest>(nullptr) ? flatbuffers::GetRoot<HelloRequest>(data) : nullptr;
}

Status not_a_request() { return Status::invalid_argument("the request is not a flatgreeter.HelloRequest"); }

/// A HelloReply, which lies in `builder` until it is used again.
Bytes greeting(const char* words, const HelloRequest& request, FlatBufferBuilder& builder) {
  std::string text = words;
  if (request.name() != nullptr) text.append(request.name()->c_str(), request.name()->size());
  builder.Clear();
  builder.Finish(flatgreeter::CreateHelloReply(builder, builder.CreateString(text)));
  return Bytes(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

Status stream_greetings(const HelloRequest& request, FlatBufferBuilder& builder, Writer& out) {
  for (const char* words : {"Hello ", "Nice to see you, ", "Take care, "}) {
    if (!out.write(greeting(words, request, builder))) return Status::cancelled();
  }
  return Status::ok();
}

}  // namespace

// A handler keeps its builder from call to call, so that calls do not allocate.
WASM_GRPC_SERVICES(registry) {
  registry.service("flatgreeter.Greeter")
      .unary("SayHello",
             [builder = FlatBufferBuilder()](Context&, Bytes bytes) mutable -> Reply {
               const HelloRequest* const request = read(bytes);
               if (request == nullptr) return not_a_request();
               return greeting("Hello ", *request, builder);
             })
      .server_stream("SayHelloStreamReply",
                     [builder = FlatBufferBuilder()](Context&, Bytes bytes, Writer& out) mutable {
                       const HelloRequest* const request = read(bytes);
                       return request == nullptr ? not_a_request() : stream_greetings(*request, builder, out);
                     });
}
