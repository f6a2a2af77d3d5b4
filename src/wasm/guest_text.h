// What guests say, made safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_grpc::wasm {

/// The bytes as text that cannot disturb a terminal or a log: valid UTF-8; control characters other than tabs, and
/// bytes that are not UTF-8, are written as \xNN.
[[nodiscard]] std::string printable(std::string_view bytes);
/// Whether printable() would change nothing.
[[nodiscard]] bool is_printable(std::string_view bytes) noexcept;
/// The length of the UTF-8 sequence at the start of `bytes` when it is whole, valid (RFC 3629, section 4) and may be
/// printed; else 0.
[[nodiscard]] std::size_t printable_sequence(std::string_view bytes) noexcept;

}  // namespace wasm_grpc::wasm
