// How much memory this process may use, as the system says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace wasm_grpc::runtime {

/// Bytes of the machine, or of the control group (v1 or v2) of this process that has least, of those it is in and those
/// that contain it as far as they can be seen. Nothing where the system does not say. `root`: where proc and sys are.
[[nodiscard]] std::optional<std::uint64_t> system_memory(const std::filesystem::path& root = "/");

/// What guests get of it where nobody says how much: three quarters. As much as they like where it is not known.
[[nodiscard]] std::uint64_t default_guest_memory(std::optional<std::uint64_t> system);

/// What answers may take of it that clients have not read, where nobody says: a quarter.
[[nodiscard]] std::uint64_t default_unread_output(std::optional<std::uint64_t> system);

}  // namespace wasm_grpc::runtime
