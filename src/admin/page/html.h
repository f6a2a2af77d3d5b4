// Writing HTML.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::admin {

/// Text as it stands in HTML, also within quotes. What guests, clients and names say goes through it.
[[nodiscard]] std::string escaped(std::string_view text);

// Numbers as people read them; the page's script writes the same.
[[nodiscard]] std::string count_text(double count);       // "87.4 k"
[[nodiscard]] std::string bytes_text(double bytes);       // "1.50 MiB"
[[nodiscard]] std::string duration_text(double seconds);  // "1.25 ms"; of 0 a dash
[[nodiscard]] std::string age_text(double seconds);       // "3 h"

}  // namespace wasm_grpc::admin
