// test.Actors: an instance for each value of the request header x-key. Messages are bytes.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  static std::uint64_t asked = 0;
  static std::string key;
  registry.place_by_header("x-key");
  registry.on_alarm([] { log(LogLevel::info, "alarm of " + key); });
  registry.on_ending([] { log(LogLevel::info, "ending of " + key + ", asked " + std::to_string(asked) + " times"); });
  registry
      .service("test.Actors")
      // The request, a space, and how many times this actor was asked, this one included.
      .unary("Count",
             [](Context& context, Bytes request) -> Task<Reply> {
               key = context.metadata("x-key").value_or("");
               co_return std::string(request.text()).append(" ").append(std::to_string(++asked));
             })
      // Sets the alarm in as many milliseconds, in decimal.
      .unary("Wake",
             [](Context& context, Bytes request) -> Task<Reply> {
               key = context.metadata("x-key").value_or("");
               int milliseconds = 0;
               std::from_chars(request.text().data(), request.text().data() + request.text().size(), milliseconds);
               context.log(LogLevel::info, "alarm is set", {{"in", request.text()}, {"of", key}});
               co_return set_alarm(std::chrono::milliseconds(milliseconds)) ? "set" : "not set";
             })
      // Every request as it comes.
      .bidi_stream("Echo", [](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
        while (const auto message = co_await stream.read()) {
          if (!co_await stream.write(*message)) break;
        }
        co_return Status::ok();
      });
}
