// gateway.Gateway (gateway.proto): asks three services at once and merges what they answer in time. Which services
// those are, and where, says its operator: gateway.toml.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "gateway.guest.h"
#include "helloworld.guest.h"
#include "route_guide.guest.h"
#include "wasm_grpc/guest.h"
#include "weather.guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;

namespace {

// What is not known after so long is left out.
constexpr std::chrono::nanoseconds patience = 2s;

/// The time for the services: the client is to have what there is before its deadline.
std::chrono::nanoseconds time_for(const Context& context) {
  const auto left = context.time_left();
  return left ? std::min(patience, *left * 9 / 10) : patience;
}

std::string text_of(const weather::Report& report) { return report.sky + ", " + std::to_string(report.degrees) + " C"; }

/// Notes that a service had no answer.
void note(std::string_view service, const Status& status, gateway::VisitReply& reply) {
  std::string why = std::string(service) + ": code " + std::to_string(static_cast<int>(status.code()));
  if (!status.message().empty()) why += ", " + status.message();
  reply.missing.push_back(std::move(why));
}

class Gateway final : public gateway::Gateway::Async {
 public:
  Task<Result<gateway::VisitReply>> Visit(Context& context, const gateway::VisitRequest& request) override {
    const weather::Place where{.latitude = request.latitude, .longitude = request.longitude};
    const routeguide::Point point{.latitude = request.latitude, .longitude = request.longitude};
    auto [hello, place, report] =
        co_await when_all(time_for(context), greeter_.SayHello(context, {.name = request.name}),
                          guide_.GetFeature(context, point), weather_.Now(context, where));
    gateway::VisitReply reply{.greeting = hello->message, .place = place->name};
    if (report.is_ok()) reply.weather = text_of(*report);
    if (!hello.is_ok()) note("greeter", hello.status(), reply);
    if (!place.is_ok()) note("guide", place.status(), reply);
    if (!report.is_ok()) note("weather", report.status(), reply);
    co_return reply;
  }

  Task<Status> Explore(Context& context, const gateway::ExploreRequest& request,
                       OutStream<gateway::Spot>& out) override {
    const routeguide::Point lo{.latitude = request.latitude_from, .longitude = request.longitude_from};
    const routeguide::Point hi{.latitude = request.latitude_to, .longitude = request.longitude_to};
    auto features = guide_.ListFeatures(context, {.lo = lo, .hi = hi});
    while (const routeguide::Feature* feature = co_await features.read()) {
      gateway::Spot spot{.place = feature->name};
      const routeguide::Point at = feature->location.value_or(lo);
      const auto report = co_await weather_.Now(context, {.latitude = at.latitude, .longitude = at.longitude});
      if (report.is_ok()) spot.weather = text_of(*report);
      if (!co_await out.write(spot)) break;
    }
    co_return co_await features.finish();
  }

 private:
  helloworld::Greeter::Async::Stub greeter_{"greeter"};
  routeguide::RouteGuide::Async::Stub guide_{"guide"};
  weather::Weather::Async::Stub weather_{"weather"};
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  for (const char* target : {"greeter", "guide", "weather"}) require_target(target);
  registry.serve<Gateway>();
}
