// test.Actors: an instance for each value of the request header x-key. Messages are bytes.
#include <cstdint>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  static std::uint64_t asked = 0;
  registry.place_by_header("x-key");
  registry
      .service("test.Actors")
      // The request, a space, and how many times this actor was asked, this one included.
      .unary("Count",
             [](Context&, Bytes request) -> Task<Reply> {
               co_return std::string(request.text()).append(" ").append(std::to_string(++asked));
             })
      // Every request as it comes.
      .bidi_stream("Echo", [](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
        while (const auto message = co_await stream.read()) {
          if (!co_await stream.write(*message)) break;
        }
        co_return Status::ok();
      });
}
