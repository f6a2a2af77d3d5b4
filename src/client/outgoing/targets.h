// The targets of a server: whom its modules may be granted to call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/target_options.h"

namespace wasm_grpc::client {

/// Bytes that the name of a target may have, as guests say it (abi/client_1).
inline constexpr std::size_t max_target_name_bytes = 256;

/// Attempts that a call may take at most (gRFC A6), how fast its pauses may grow, and what may be spent on more.
inline constexpr std::uint32_t most_attempts = 5;
inline constexpr std::uint32_t most_multiplier = 100;
inline constexpr std::uint32_t most_tokens = 1000;
/// Calls that may wait for a target at most.
inline constexpr std::uint32_t most_waiting_calls = 1'000'000;

/// Whether TLS is spoken: where it is said to be, or any file of it is.
[[nodiscard]] bool has_tls(const TargetTlsOptions& tls) noexcept;
/// Reads the files as they will be read for each connection.
[[nodiscard]] Result<> check_tls(const TargetTlsOptions& tls);

/// The name of the module that an address "module:NAME" is of; nothing for any other address.
[[nodiscard]] std::optional<std::string_view> module_of_address(std::string_view address) noexcept;

/// Whether their names differ, and all of them can be called. The error names the one that cannot.
[[nodiscard]] Result<> check_targets(std::span<const TargetOptions> targets);
/// Whether there are such targets to be granted. The error says which is none.
[[nodiscard]] Result<> check_grants(std::span<const TargetGrant> grants, std::span<const TargetOptions> targets);

}  // namespace wasm_grpc::client
