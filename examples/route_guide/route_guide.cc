// routeguide.RouteGuide (route_guide.proto) as a guest: all four kinds of method.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "places.h"
#include "route_guide.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace routeguide;

namespace {

// What one chat may make us keep. A guest's memory is limited, and the client decides how long it talks.
constexpr std::size_t max_notes = 10'000;
constexpr std::size_t max_note_bytes = 4 << 20;

Coordinates coordinates(const Point& point) { return {point.latitude, point.longitude}; }
/// Of a message that has left the point out, those of an empty one.
Coordinates coordinates(const std::optional<Point>& point) { return point ? coordinates(*point) : Coordinates(); }

Point to_point(const Coordinates& at) { return {.latitude = at.latitude, .longitude = at.longitude}; }

Feature to_feature(const Place& place) { return {.name = std::string(place.name), .location = to_point(place.at)}; }

/// Metres on the great circle between two points (haversine formula; mean radius of the earth, 6371 km).
double distance(const Coordinates& from, const Coordinates& to) {
  constexpr double radius = 6371000;
  constexpr double radians = std::numbers::pi / 180 / 1e7;
  const double latitude = (static_cast<double>(to.latitude) - from.latitude) * radians;
  const double longitude = (static_cast<double>(to.longitude) - from.longitude) * radians;
  const double a = std::pow(std::sin(latitude / 2), 2) + std::cos(from.latitude * radians) *
                                                             std::cos(to.latitude * radians) *
                                                             std::pow(std::sin(longitude / 2), 2);
  return radius * 2 * std::atan2(std::sqrt(a), std::sqrt(std::max(0.0, 1 - a)));
}

std::int32_t clamp_to_int32(double value) {
  constexpr double most = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp(std::round(value), 0.0, most));
}

class Guide : public RouteGuide {
 public:
  Result<Feature> GetFeature(Context&, const Point& point) override {
    const Place* const known = place_at(coordinates(point));
    return known != nullptr ? to_feature(*known) : Feature{.location = point};
  }

  Status ListFeatures(Context&, const Rectangle& area, MessageWriter<Feature>& out) override {
    const Coordinates lo = coordinates(area.lo);
    const Coordinates hi = coordinates(area.hi);
    const auto [south, north] = std::minmax(lo.latitude, hi.latitude);
    const auto [west, east] = std::minmax(lo.longitude, hi.longitude);
    for (const Place& place : places()) {
      const auto [latitude, longitude] = place.at;
      if (latitude < south || latitude > north || longitude < west || longitude > east) continue;
      if (!out.write(to_feature(place))) return Status::cancelled();
    }
    return Status::ok();
  }

  Result<RouteSummary> RecordRoute(Context&, MessageReader<Point>& in) override {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    RouteSummary summary;
    double metres = 0;
    Coordinates last;
    for (const Point& point : in) {
      const Coordinates at = coordinates(point);
      if (summary.point_count > 0) metres += distance(last, at);
      if (place_at(at) != nullptr) ++summary.feature_count;
      ++summary.point_count;
      last = at;
    }
    summary.distance = clamp_to_int32(metres);
    summary.elapsed_time = clamp_to_int32(std::chrono::duration<double>(Clock::now() - begin).count());
    return summary;
  }

  Status RouteChat(Context&, MessageReader<RouteNote>& in, MessageWriter<RouteNote>& out) override {
    struct Kept {
      Coordinates at;
      std::string message;
    };
    std::vector<Kept> notes;
    std::size_t bytes = 0;
    for (RouteNote& note : in) {
      const Coordinates at = coordinates(note.location);
      for (const Kept& earlier : notes) {
        if (earlier.at != at) continue;
        if (!out.write({.location = to_point(at), .message = earlier.message})) return Status::cancelled();
      }
      bytes += note.message.size();
      if (notes.size() == max_notes || bytes > max_note_bytes) {
        return Status::resource_exhausted("too many notes: at most 10000 in a chat, and 4 MiB of text");
      }
      notes.push_back({at, std::move(note.message)});
    }
    return Status::ok();
  }
};

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Guide>(); }
