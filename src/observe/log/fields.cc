#include "observe/log/fields.h"

#include <algorithm>

#include "wasm/guest_text.h"

namespace wasm_grpc::observe {

void append_field(std::string& line, std::string_view key, std::string_view value) {
  line.append(1, ' ').append(key).append(1, '=');
  const bool is_plain = !value.empty() && value.find_first_of(" \"\\=") == std::string_view::npos;
  if (is_plain && wasm::is_printable(value)) {
    line.append(value);
    return;
  }
  line += '"';
  while (!value.empty()) {
    const std::size_t length = std::max<std::size_t>(wasm::printable_sequence(value), 1);
    if (value[0] == '"' || value[0] == '\\') {
      line.append(1, '\\').append(1, value[0]);
    } else {
      line.append(wasm::printable(value.substr(0, length)));
    }
    value.remove_prefix(length);
  }
  line += '"';
}

}  // namespace wasm_grpc::observe
