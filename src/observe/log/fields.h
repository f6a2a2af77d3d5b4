// What a line says besides its text.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::observe {

/// Adds " key=value". A value that is empty or has spaces, quotation marks, backslashes or equals signs is put in
/// quotation marks, and control characters are escaped: a line stays one line, and can be taken apart.
void append_field(std::string& line, std::string_view key, std::string_view value);

}  // namespace wasm_grpc::observe
