// How much guests read and write at once.
#pragma once

#include <cstddef>

namespace wasm_grpc::wasi {

/// Bytes one call reads from or writes to a file; the guest comes back for the rest. Bounds the time a guest holds its
/// thread in the host, where its time slice does not end: so many take the system half a slice where the file, or the
/// guest's memory, has no pages yet.
inline constexpr std::size_t max_transfer_bytes = std::size_t{256} << 10;
/// The same for standard output and error, in bytes and in lines.
inline constexpr std::size_t max_print_bytes = std::size_t{64} << 10;
inline constexpr std::size_t max_print_lines = 256;

}  // namespace wasm_grpc::wasi
