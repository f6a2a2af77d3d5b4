// The feature database: invented places in an invented valley.
#pragma once

#include <span>

#include "messages.h"

namespace routeguide {

/// All features; no two at one point.
[[nodiscard]] std::span<const Feature> places();

/// The feature at exactly that point, or nullptr.
[[nodiscard]] const Feature* place_at(const Point& point);

}  // namespace routeguide
