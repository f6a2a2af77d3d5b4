// Who one is to a registry: what `docker login`, `podman login` and `oras login` have left.
#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "registry/reference.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// Secrets: nothing prints them. All empty: nobody.
struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  // which the registry's realm takes in place of both
  std::string registry_token;  // which the registry takes as it is

  [[nodiscard]] bool empty() const noexcept {
    return username.empty() && password.empty() && identity_token.empty() && registry_token.empty();
  }
};

/// A config of Docker's client: what it says of credentials.
struct DockerConfig {
  std::map<std::string, Credentials> entries;  // by registry, as it is written there
  std::map<std::string, std::string> helpers;  // by registry: the NAME of docker-credential-NAME
  std::string store;                           // the helper of all others; empty: none

  /// Reads the text of a config.json. The error says what is wrong with it, without a secret.
  [[nodiscard]] static Result<DockerConfig> parse(std::string_view text);

  /// What is said of the registry, or of the longest beginning of the name; nobody where nothing is.
  [[nodiscard]] Credentials find(const Reference& reference) const;
  /// The helper to ask first; empty: none.
  [[nodiscard]] std::string helper_for(const Reference& reference) const;
};

/// The most bytes of a config.json.
inline constexpr std::size_t max_docker_config_bytes = std::size_t{1} << 20;

/// Where the config is where nobody says: config.json in $DOCKER_CONFIG, else in ~/.docker; empty: nowhere.
[[nodiscard]] std::string usual_docker_config();

/// The credentials for a registry, by a config, and a helper where that names one. `file` empty: the usual one, which
/// may be missing. Blocks while the helper runs; for 30 seconds at most.
[[nodiscard]] Result<Credentials> find_credentials(const std::string& file, const Reference& reference,
                                                   const std::stop_token& stop);

}  // namespace wasm_grpc::registry
