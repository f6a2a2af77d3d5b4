// What store/transfer.h promises, of a module on a server; but for one moment and for all or none, which it cannot.
#pragma once

#include <memory>
#include <string>

#include "store/redis/link.h"
#include "store/transfer.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::store::redis {

/// The pairs and counters of the store, one after the other while others change them, into the new file `to`.
[[nodiscard]] Result<Copied> copy_out(SpaceStore& store, const ModuleOptions& module, const std::string& to);

/// Of `from` into the store. Where it fails some were taken.
[[nodiscard]] Result<Copied> copy_in(SpaceStore& store, const ModuleOptions& module, const std::string& from);

}  // namespace wasm_grpc::store::redis
