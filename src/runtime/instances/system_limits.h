// What the system must allow for as many instances as a server may have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wasm_grpc::runtime {

/// Memory mappings that `instances` take of a process: memory, table and stack lie among guard pages.
[[nodiscard]] std::uint64_t mappings_of(std::uint32_t instances) noexcept;

/// What to tell the operator when the system allows `allowed` mappings; nothing when they are enough.
[[nodiscard]] std::optional<std::string> too_few_mappings(std::uint32_t instances, std::uint64_t allowed);

/// How many mappings the system allows a process; nothing where it does not say.
[[nodiscard]] std::optional<std::uint64_t> allowed_mappings();

}  // namespace wasm_grpc::runtime
