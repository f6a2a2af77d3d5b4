// Modules from registries: fetched, or taken from the cache, and verified either way.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/digest.h"
#include "registry/options.h"
#include "registry/reference.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// What is asked of a module.
struct Demands {
  /// The most bytes it may have.
  std::size_t max_module_bytes = std::size_t{64} << 20;
  /// Files of public keys: one of them has to have signed it. None: it need not be signed.
  std::vector<std::string> keys;
};

struct FetchedModule {
  std::string bytes;
  /// Of the manifest, or index, that the reference means.
  Digest digest;
  /// What is to be told, each a line: that the registry could not be reached, and the cache was believed instead; that
  /// nothing could be kept.
  std::vector<std::string> warnings;
};

/// Fetches a module. What the cache has by its digest is not fetched again; a reference with a digest needs no registry
/// then. A tag is asked for each time; where the registry cannot be reached, it means what it meant the last time. Any
/// thread may do it, but no worker of a server: it blocks, for `options.timeout` at most. Errors begin with the
/// reference.
[[nodiscard]] Result<FetchedModule> fetch_module(const RegistryOptions& options, const Reference& reference,
                                                 const Demands& demands, const std::stop_token& stop = {});

/// The digest that the tag of a reference has now, by the registry; its own digest where it has one. As above.
[[nodiscard]] Result<Digest> current_digest(const RegistryOptions& options, const Reference& reference,
                                            const std::stop_token& stop = {});

/// Puts a module into a registry, as CNCF's artifact layout has it, under the tag of the reference; it must have no
/// digest. `name` is what it is called when it is saved to a folder. Returns the manifest's digest: the same module has
/// the same. As above.
[[nodiscard]] Result<Digest> push_module(const RegistryOptions& options, const Reference& reference,
                                         const std::string& bytes, const std::string& name,
                                         const std::stop_token& stop = {});

}  // namespace wasm_grpc::registry
