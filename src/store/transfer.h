// A module's state out of its store and into it, while servers use it.
#pragma once

#include <cstddef>
#include <string>

#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::store {

/// How much was copied.
struct Copied {
  std::size_t pairs = 0;
  std::size_t counters = 0;
};

/// Copies the state of a module that is not kept in memory, as it is at one moment, into a new file, which is a store
/// of SQLite with nothing else in it. On a server of Redis, pair after pair, each as it is then. Nobody waits
/// meanwhile. Where it fails there is no new file. Blocks.
[[nodiscard]] Result<Copied> copy_out(const ModuleOptions& module, const std::string& to);

/// Gives a module the pairs and counters of such a file, all of them or, with an error, none. What is there under other
/// keys and names stays; pairs get new versions. Of a file of several modules it is the one of the same name. Who
/// writes waits meanwhile. On a server of Redis nobody waits, and with an error some were taken. Blocks.
[[nodiscard]] Result<Copied> copy_in(const ModuleOptions& module, const std::string& from);

}  // namespace wasm_grpc::store
