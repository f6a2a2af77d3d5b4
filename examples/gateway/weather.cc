// weather.Weather (weather.proto): one of the services that the gateway asks. As real ones do, it may take its time: as
// many milliseconds as the variable WEATHER_DELAY_MS says.
#include <chrono>
#include <cstdlib>
#include <string>

#include "wasm_grpc/guest.h"
#include "weather.guest.h"

using namespace wasm_grpc::guest;

namespace {

std::chrono::milliseconds delay() {
  const char* const text = std::getenv("WEATHER_DELAY_MS");
  return std::chrono::milliseconds(text == nullptr ? 0 : std::atoi(text));
}

class Weather final : public weather::Weather {
 public:
  Result<weather::Report> Now(Context& context, const weather::Place& place) override {
    if (delay_.count() > 0 && !context.sleep_for(delay_)) return Status::cancelled();
    const std::int32_t from_equator =
        std::abs(place.latitude / 10'000'000);  // coordinates are in units of 1e-7 degrees
    const bool is_clear = place.latitude % 2 == place.longitude % 2;
    return weather::Report{.sky = is_clear ? "clear" : "rain", .degrees = 30 - from_equator / 2};
  }

 private:
  std::chrono::milliseconds delay_ = delay();
};

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Weather>(); }
