// The messages of route_guide.proto. Views of text live as long as the bytes they were parsed from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

namespace routeguide {

/// Degrees times 10^7.
struct Point {
  std::int32_t latitude = 0;
  std::int32_t longitude = 0;

  friend auto operator<=>(const Point&, const Point&) = default;
};

struct Rectangle {
  Point lo;
  Point hi;
};

struct Feature {
  std::string_view name;
  Point location;
};

struct RouteNote {
  Point location;
  std::string_view message;
};

struct RouteSummary {
  std::int32_t point_count = 0;
  std::int32_t feature_count = 0;
  std::int32_t distance = 0;
  std::int32_t elapsed_time = 0;
};

// Each reads one message; false when the bytes are none.
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, Point& point);
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, Rectangle& rectangle);
[[nodiscard]] bool parse(wasm_grpc::guest::wire::Reader in, RouteNote& note);

// Each appends one message to `out`, and returns the whole of it.
wasm_grpc::guest::Bytes serialize(const Feature& feature, std::string& out);
wasm_grpc::guest::Bytes serialize(const RouteNote& note, std::string& out);
wasm_grpc::guest::Bytes serialize(const RouteSummary& summary, std::string& out);

}  // namespace routeguide
