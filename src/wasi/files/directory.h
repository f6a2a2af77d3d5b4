// Reading directories.
#pragma once

#include "wasi/context.h"
#include "wasi/errno.h"

namespace wasm_grpc::wasi {

/// Gives a directory a descriptor of the system's that can be read, if it has none yet. A preopened one is made with
/// one only for looking up names, which all instances share.
[[nodiscard]] Errno make_readable(Context& context, Descriptor& directory);

}  // namespace wasm_grpc::wasi
