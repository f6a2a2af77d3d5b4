// What is said to a server of Redis.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::store::redis {

/// Appends a command: its name and its arguments, and maybe more of them (RESP2).
void append_command(std::string& to, std::initializer_list<std::string_view> parts,
                    std::span<const std::string_view> more = {});

}  // namespace wasm_grpc::store::redis
