// Modules that call each other, as a call knows of it: its client's address is "module:a>b" where b calls, which serves
// a call by a. No address of a connection begins so. It goes with the call wherever that is served.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::runtime {

/// How many may call each other, one in a call of the next.
inline constexpr std::size_t max_chain_depth = 8;

/// Who has called each other so that this call is made: "a>b"; empty for a call that is no module's, and for nullptr.
[[nodiscard]] std::string_view chain_of(const rpc::Call* call) noexcept;
/// The chain with one more, who calls in a call by it.
[[nodiscard]] std::string chain_with(std::string_view chain, std::string_view caller);
/// How many there are in a chain.
[[nodiscard]] std::size_t chain_depth(std::string_view chain) noexcept;
/// How often a module is in a chain.
[[nodiscard]] std::size_t count_in_chain(std::string_view chain, std::string_view module) noexcept;
/// For people, with the module that is called last: "a > b > c".
[[nodiscard]] std::string describe_chain(std::string_view chain, std::string_view called);

/// The address of a client.
[[nodiscard]] std::string address_of_chain(std::string_view chain);

}  // namespace wasm_grpc::runtime
