// What store/transfer.h promises, of a file and a name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "store/operation.h"
#include "store/transfer.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/shared_state.h"

namespace wasm_grpc::store::sqlite {

/// The space of that name in `path`, into the new file `to`.
[[nodiscard]] Result<Copied> copy_out(const std::string& path, const std::string& space, const std::string& to);

/// Of `from` into the space of that name in `path`, which open_file() has been at.
[[nodiscard]] Result<Copied> copy_in(const std::string& path, const std::string& space, const std::string& from,
                                     const SharedStateLimits& limits);

// For stores of another kind:

/// Makes the new file `to` by `fill`, which is given another name for it, where an empty store is. Where that fails
/// there is no new file.
[[nodiscard]] Result<Copied> make_copy(const std::string& to,
                                       const std::function<Result<Copied>(const std::string& part)>& fill);

/// Hands out the pairs and counters of such a file: of that space, or of its only one. Ends with the first error.
[[nodiscard]] Result<Copied> read_copy(
    const std::string& from, const std::string& space, const std::function<Result<>(Set)>& on_pair,
    const std::function<Result<>(const std::string& name, std::uint64_t value)>& on_counter);

}  // namespace wasm_grpc::store::sqlite
