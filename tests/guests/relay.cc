// Serves relay.Handlers and relay.Coroutines (relay.proto) by what the target "guide" answers.
#include "relay.guest.h"
#include "route_guide.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace routeguide;

namespace {

class Handlers final : public relay::Handlers {
 public:
  Result<Feature> GetFeature(Context& context, const Point& point) override {
    return guide_.GetFeature(context, point, {.metadata = {{"x-relayed", "by a handler"}}});
  }
  Status ListFeatures(Context& context, const Rectangle& area, MessageWriter<Feature>& out) override {
    auto features = guide_.ListFeatures(context, area);
    for (const Feature& feature : features) {
      if (!out.write(feature)) return Status::cancelled();
    }
    return features.finish();
  }
  Result<RouteSummary> RecordRoute(Context& context, MessageReader<Point>& in) override {
    auto out = guide_.RecordRoute(context);
    for (const Point& point : in) {
      if (!out.write(point)) break;
    }
    return out.finish();
  }
  Status RouteChat(Context& context, MessageReader<RouteNote>& in, MessageWriter<RouteNote>& out) override {
    auto chat = guide_.RouteChat(context);
    for (const RouteNote& note : in) {
      if (!chat.write(note)) break;
    }
    chat.writes_done();
    for (const RouteNote& note : chat) {
      if (!out.write(note)) return Status::cancelled();
    }
    return chat.finish();
  }

 private:
  RouteGuide::Stub guide_{"guide"};
};

class Coroutines final : public relay::Coroutines::Async {
 public:
  Task<Result<Feature>> GetFeature(Context& context, const Point& point) override {
    co_return co_await guide_.GetFeature(context, point);
  }
  Task<Status> ListFeatures(Context& context, const Rectangle& area, OutStream<Feature>& out) override {
    auto features = guide_.ListFeatures(context, area);
    while (const Feature* feature = co_await features.read()) {
      if (!co_await out.write(*feature)) break;
    }
    co_return co_await features.finish();
  }
  Task<Result<RouteSummary>> RecordRoute(Context& context, InStream<Point>& in) override {
    auto out = guide_.RecordRoute(context);
    while (const Point* point = co_await in.read()) {
      if (!co_await out.write(*point)) break;
    }
    co_return co_await out.finish();
  }
  Task<Status> RouteChat(Context& context, Stream<RouteNote, RouteNote>& client) override {
    auto chat = guide_.RouteChat(context);
    for (;;) {
      if (co_await select(client.readable(), chat.readable()) == 0) {
        const RouteNote* note = co_await client.read();
        if (note == nullptr) break;
        if (!co_await chat.write(*note)) break;
      } else {
        const RouteNote* note = co_await chat.read();
        if (note == nullptr) break;
        if (!co_await client.write(*note)) break;
      }
    }
    chat.writes_done();
    while (const RouteNote* note = co_await chat.read()) {
      if (!co_await client.write(*note)) break;
    }
    co_return co_await chat.finish();
  }

 private:
  RouteGuide::Async::Stub guide_{"guide"};
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.serve<Handlers>();
  registry.serve<Coroutines>();
}
