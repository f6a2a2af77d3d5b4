#include "registry/auth/credentials.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "registry/auth/credential_helper.h"
#include "registry/files.h"
#include "rpc/base64.h"

namespace wasm_grpc::registry {

namespace {

using Json = nlohmann::json;

std::string string_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  const auto* text = found->get_ptr<const std::string*>();
  return text == nullptr ? std::string() : *text;
}

/// What a registry is called in a config: as here, or as a URL, as `docker login` writes some.
std::string_view bare(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  for (const std::string_view end : {"/v1/", "/v2/", "/v1", "/v2", "/"}) {
    if (key.ends_with(end)) key.remove_suffix(end.size());
  }
  return key;
}

/// As Docker's client calls a registry.
std::string called(std::string_view registry) {
  return std::string(registry == "docker.io" ? "index.docker.io" : registry);
}

Result<Credentials> read_entry(const std::string& registry, const Json& json) {
  const auto wrong = [&](const std::string& what) { return Error{"of \"" + registry + "\" " + what}; };
  if (!json.is_object()) return wrong("it has no object");
  Credentials credentials{string_of(json, "username"), string_of(json, "password"), string_of(json, "identitytoken"),
                          string_of(json, "registrytoken")};
  std::string both;
  const std::string encoded = string_of(json, "auth");
  if (encoded.empty()) return credentials;
  if (!rpc::base64_decode(encoded, both)) return wrong("\"auth\" is not base64");
  const std::size_t colon = both.find(':');
  if (colon == std::string::npos) return wrong("\"auth\" is not USER:PASSWORD in base64");
  credentials.username = both.substr(0, colon);
  credentials.password = both.substr(colon + 1);
  while (credentials.password.ends_with('\0')) credentials.password.pop_back();  // as old clients have filled it up
  return credentials;
}

}  // namespace

Result<DockerConfig> DockerConfig::parse(std::string_view text) {
  if (text.size() > max_docker_config_bytes) return Error{"it is too large"};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{"it is no JSON object"};
  DockerConfig config;
  config.store = string_of(json, "credsStore");
  if (const auto auths = json.find("auths"); auths != json.end() && auths->is_object()) {
    for (const auto& [registry, entry] : auths->items()) {
      auto read = read_entry(registry, entry);
      if (!read.ok()) return std::move(read).error();
      config.entries.insert_or_assign(std::string(bare(registry)), std::move(read).value());
    }
  }
  if (const auto helpers = json.find("credHelpers"); helpers != json.end() && helpers->is_object()) {
    for (const auto& [registry, helper] : helpers->items()) {
      if (const auto* name = helper.get_ptr<const std::string*>()) {
        config.helpers.insert_or_assign(std::string(bare(registry)), *name);
      }
    }
  }
  return config;
}

Credentials DockerConfig::find(const Reference& reference) const {
  std::string key = called(reference.registry) + "/" + reference.repository;
  while (true) {
    if (const auto found = entries.find(key); found != entries.end()) return found->second;
    const std::size_t slash = key.rfind('/');
    if (slash == std::string::npos) return {};
    key.resize(slash);
  }
}

std::string DockerConfig::helper_for(const Reference& reference) const {
  const auto found = helpers.find(called(reference.registry));
  return found != helpers.end() ? found->second : store;
}

std::string usual_docker_config() {
  if (const char* folder = std::getenv("DOCKER_CONFIG"); folder != nullptr && *folder != '\0') {
    return std::string(folder) + "/config.json";
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? std::string(home) + "/.docker/config.json" : std::string();
}

Result<Credentials> find_credentials(const std::string& file, const Reference& reference, const std::stop_token& stop) {
  const std::string path = file.empty() ? usual_docker_config() : file;
  std::error_code none;
  if (path.empty() || (file.empty() && !std::filesystem::exists(path, none))) return Credentials();
  auto text = read_file(path, max_docker_config_bytes);
  if (!text.ok()) return std::move(text).error();
  const auto config = DockerConfig::parse(text.value());
  if (!config.ok()) return Error{path + ": " + config.error().message};
  if (const std::string helper = config.value().helper_for(reference); !helper.empty()) {
    // Docker's own client knows Docker Hub by this.
    const std::string server = reference.registry == "docker.io" ? "https://index.docker.io/v1/" : reference.registry;
    auto found = ask_helper(helper, server, stop);
    if (!found.ok() || !found.value().empty()) return found;
  }
  return config.value().find(reference);
}

}  // namespace wasm_grpc::registry
