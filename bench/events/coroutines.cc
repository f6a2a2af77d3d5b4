// bench.Events by coroutines, as users of the SDK write them; guest.cc does the same over the ABI itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

class Hub {
 public:
  /// A place among the subscribers, from construction to destruction.
  class Place {
   public:
    Place(Hub& hub, OutStream<Bytes>& out) : hub_(hub), out_(out), index_(hub.places_.size()) {
      hub_.places_.push_back(this);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      hub_.places_[index_] = hub_.places_.back();
      hub_.places_[index_]->index_ = index_;
      hub_.places_.pop_back();
    }
    [[nodiscard]] bool offer(Bytes message) const { return out_.try_write(message); }

   private:
    Hub& hub_;
    OutStream<Bytes>& out_;
    std::size_t index_;
  };

  struct Counts {
    std::uint32_t sent = 0;
    std::uint32_t missed = 0;
  };

  /// Those that have no room miss it.
  Counts publish(Bytes message) {
    Counts counts;
    for (const Place* place : places_) ++(place->offer(message) ? counts.sent : counts.missed);
    return counts;
  }

  Condition next_call;
  Condition never;

 private:
  std::vector<Place*> places_;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  static Hub hub;
  registry.service("bench.Events")
      .unary("Handled", [](Context&, Bytes request) -> Reply { return request; })
      .unary("AtOnce", [](Context&, Bytes request) -> Task<Reply> { co_return request; })
      .unary("Later",
             [](Context&, Bytes request) -> Task<Reply> {
               hub.next_call.notify_all();
               co_await hub.next_call.wait();
               co_return request;
             })
      .unary("Publish",
             [](Context&, Bytes request) -> Task<Reply> {
               const auto [sent, missed] = hub.publish(request);
               std::string reply;
               wire::Writer(reply).fixed32(1, sent).fixed32(2, missed);
               co_return reply;
             })
      .server_stream("Subscribe",
                     [](Context& context, Bytes, OutStream<Bytes>& out) -> Task<Status> {
                       const Hub::Place place(hub, out);
                       context.send_headers();
                       for (;;) co_await hub.never.wait();
                     })
      .bidi_stream("Chat", [](Context&, Stream<Bytes, Bytes>& stream) -> Task<Status> {
        while (const auto message = co_await stream.read()) co_await stream.write(*message);
        co_return Status::ok();
      });
}
