// routeguide.RouteGuide (route_guide.proto) as a guest: all four kinds of method, with messages by hand.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "messages.h"
#include "places.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace routeguide;

namespace {

// What one chat may make us keep. A guest's memory is limited, and the client decides how long it talks.
constexpr std::size_t max_notes = 10'000;
constexpr std::size_t max_note_bytes = 4 << 20;

Status malformed(std::string_view type) {
  return Status::invalid_argument(std::string("the request is not a routeguide.").append(type));
}

/// Metres on the great circle between two points (haversine formula; mean radius of the earth, 6371 km).
double distance(const Point& from, const Point& to) {
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

Reply get_feature(Context& context, Bytes request) {
  Point point;
  if (!parse(wire::Reader(request), point)) return malformed("Point");
  const Feature* known = place_at(point);
  return serialize(known != nullptr ? *known : Feature{{}, point}, context.scratch());
}

Status list_features(Context& context, Bytes request, Writer& out) {
  Rectangle area;
  if (!parse(wire::Reader(request), area)) return malformed("Rectangle");
  const auto [south, north] = std::minmax(area.lo.latitude, area.hi.latitude);
  const auto [west, east] = std::minmax(area.lo.longitude, area.hi.longitude);
  for (const Feature& feature : places()) {
    const Point& at = feature.location;
    if (at.latitude < south || at.latitude > north || at.longitude < west || at.longitude > east) continue;
    if (!out.write(serialize(feature, context.scratch()))) return Status::cancelled();
  }
  return Status::ok();
}

Reply record_route(Context& context, Reader& in) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  RouteSummary summary;
  double metres = 0;
  Point last;
  for (Bytes request : in) {
    Point point;
    if (!parse(wire::Reader(request), point)) return malformed("Point");
    if (summary.point_count > 0) metres += distance(last, point);
    if (place_at(point) != nullptr) ++summary.feature_count;
    ++summary.point_count;
    last = point;
  }
  if (in.cancelled()) return Status::cancelled();
  summary.distance = clamp_to_int32(metres);
  summary.elapsed_time = clamp_to_int32(std::chrono::duration<double>(Clock::now() - begin).count());
  return serialize(summary, context.scratch());
}

Status route_chat(Context& context, Reader& in, Writer& out) {
  struct Kept {
    Point location;
    std::string message;
  };
  std::vector<Kept> notes;
  std::size_t bytes = 0;
  for (Bytes request : in) {
    RouteNote note;
    if (!parse(wire::Reader(request), note)) return malformed("RouteNote");
    for (const Kept& earlier : notes) {
      if (earlier.location != note.location) continue;
      if (!out.write(serialize({earlier.location, earlier.message}, context.scratch()))) return Status::cancelled();
    }
    bytes += note.message.size();
    if (notes.size() == max_notes || bytes > max_note_bytes) {
      return Status::resource_exhausted("too many notes: at most 10000 in a chat, and 4 MiB of text");
    }
    notes.push_back({note.location, std::string(note.message)});
  }
  return in.cancelled() ? Status::cancelled() : Status::ok();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("routeguide.RouteGuide")
      .unary("GetFeature", get_feature)
      .server_stream("ListFeatures", list_features)
      .client_stream("RecordRoute", record_route)
      .bidi_stream("RouteChat", route_chat);
}
