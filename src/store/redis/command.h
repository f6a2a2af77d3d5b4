// What is said to a server of Redis.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::store::redis {

/// Appends a command: its name and its arguments, and maybe more of them (RESP2).
void append_command(std::string& to, std::initializer_list<std::string_view> parts,
                    std::span<const std::string_view> more = {});

// The same piece by piece, for arguments that are not in one place:

/// How many arguments follow, its name among them.
void append_count(std::string& to, std::size_t arguments);
/// One argument, of several parts.
void append_argument(std::string& to, std::initializer_list<std::string_view> parts);

}  // namespace wasm_grpc::store::redis
