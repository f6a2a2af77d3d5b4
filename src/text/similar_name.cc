#include "text/similar_name.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace wasm_grpc::text {

std::size_t name_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> above(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      row[j + 1] = std::min({above[j] + (from[i] == to[j] ? 0U : 1U), above[j + 1] + 1, row[j] + 1});
      const bool swapped = i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
    before = above;
    std::swap(above, row);
  }
  return above[to.size()];
}

std::size_t most_name_distance(std::string_view name) noexcept {
  return name.size() < 3 ? 0 : std::max<std::size_t>(1, name.size() / 4);
}

std::optional<std::string_view> similar_name(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > longest_compared_name) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = most_name_distance(name) + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > longest_compared_name) continue;
    const std::size_t distance = name_distance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace wasm_grpc::text
