// Pairs of a key and a value in one piece, as the host takes and gives them: for each a u32 key_len, a u32 value_len,
// key, value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_grpc::guest::detail {

/// Appends a pair to a list.
inline void append_pair(std::string& list, std::string_view key, std::string_view value) {
  for (const std::size_t size : {key.size(), value.size()}) {
    for (int i = 0; i < 4; ++i) list.push_back(static_cast<char>(size >> (8 * i)));
  }
  list.append(key).append(value);
}

}  // namespace wasm_grpc::guest::detail
