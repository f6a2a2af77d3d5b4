// How registries are spoken with.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace wasm_grpc::registry {

struct RegistryOptions {
  /// The folder where what was fetched is kept; empty: the usual one (usual_cache_folder()).
  std::string cache;
  /// The most bytes of modules kept there; of more, those that were not used for longest go.
  std::size_t cache_size = std::size_t{1} << 30;
  /// A config.json of Docker's client; empty: the usual one, where there is one.
  std::string credentials;
  /// Who signs the certificates of registries, PEM; empty: the system's authorities.
  std::string ca;
  /// Registries, HOST[:PORT], that are spoken with in cleartext.
  std::vector<std::string> plain_http;
  /// The longest that fetching or pushing one module may take.
  std::chrono::milliseconds timeout{120'000};
};

}  // namespace wasm_grpc::registry
