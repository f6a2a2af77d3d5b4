// Which name was meant by one that is not there.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace wasm_grpc::text {

/// Names longer than this are not compared: none that is known comes near, and the work grows with the square.
inline constexpr std::size_t longest_compared_name = 64;

/// How many characters are to be changed, put in, left out or swapped with the next to make one of the other.
[[nodiscard]] std::size_t name_distance(std::string_view from, std::string_view to);

/// By so much others may differ from a name to be meant by it.
[[nodiscard]] std::size_t most_name_distance(std::string_view name) noexcept;

/// The one of `known` that may be meant by `name`, the first of several that are as near; nothing where none is near
/// enough.
[[nodiscard]] std::optional<std::string_view> similar_name(std::string_view name,
                                                           std::span<const std::string_view> known);

}  // namespace wasm_grpc::text
