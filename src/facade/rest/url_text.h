// Text in URLs (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::facade::rest {

/// What a text with escapes (%41) stands for; nothing when a percent sign is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
/// The same, but %2F, in either case, stays as it is: of a text of several segments, where it is no end of one.
[[nodiscard]] std::optional<std::string> segments_decoded(std::string_view text);
/// The same, and a plus is a space: of a parameter of a query.
[[nodiscard]] std::optional<std::string> parameter_decoded(std::string_view text);

/// With escapes for all but [-_.~0-9a-zA-Z].
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace wasm_grpc::facade::rest
