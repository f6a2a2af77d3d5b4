// What guests say, made safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_grpc::wasm {

/// The bytes as text that cannot disturb a terminal or a log: valid UTF-8; control characters other than tabs, and
/// bytes that are not UTF-8, are written as \xNN. Text that would become longer than `most` bytes is cut, and ends in
/// "...".
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t most = std::string_view::npos);

/// The most of a name that a guest chose, in bytes, that is shown in a message.
inline constexpr std::size_t most_of_name = 100;
/// The most of a message of the engine, which may quote the guest.
inline constexpr std::size_t most_of_message = 400;

/// Whether printable() would change nothing.
[[nodiscard]] bool is_printable(std::string_view bytes) noexcept;
/// The length of the UTF-8 sequence at the start of `bytes` when it is whole, valid (RFC 3629, section 4) and may be
/// printed; else 0.
[[nodiscard]] std::size_t printable_sequence(std::string_view bytes) noexcept;

}  // namespace wasm_grpc::wasm
