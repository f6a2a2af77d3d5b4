// What store/transfer.h promises, of a file and a name.
#pragma once

#include <string>

#include "store/transfer.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/shared_state.h"

namespace wasm_grpc::store::sqlite {

/// The space of that name in `path`, into the new file `to`.
[[nodiscard]] Result<Copied> copy_out(const std::string& path, const std::string& space, const std::string& to);

/// Of `from` into the space of that name in `path`, which open_file() has been at.
[[nodiscard]] Result<Copied> copy_in(const std::string& path, const std::string& space, const std::string& from,
                                     const SharedStateLimits& limits);

}  // namespace wasm_grpc::store::sqlite
