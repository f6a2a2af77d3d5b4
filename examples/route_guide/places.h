// The feature database: invented places in an invented valley.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace routeguide {

/// In degrees times 10^7, as in the message Point; without what a client may add to one.
struct Coordinates {
  std::int32_t latitude = 0;
  std::int32_t longitude = 0;

  friend bool operator==(const Coordinates&, const Coordinates&) = default;
};

struct Place {
  std::string_view name;
  Coordinates at;
};

/// All of them; no two at one point.
[[nodiscard]] std::span<const Place> places();

/// The place at exactly that point, or nullptr.
[[nodiscard]] const Place* place_at(const Coordinates& point);

}  // namespace routeguide
