// The import module "wasi_snapshot_preview1": all of its 46 functions. Those that are not offered answer notsup.
#pragma once

#include "wasm_grpc/result.h"

namespace wasm_grpc::wasm {
class Linker;
}

namespace wasm_grpc::wasi {

/// Offers WASI preview 1 to modules linked with `linker`. Every instance needs a Context before it runs; one without is
/// trapped at its first call. A pointer outside memory traps the guest; nothing else does, but proc_exit.
[[nodiscard]] Result<> define_imports(wasm::Linker& linker);

}  // namespace wasm_grpc::wasi
