// All that can be said of a server that serves modules: what a config file and the flags of `wasm-grpc serve` become.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "registry/options.h"
#include "wasm_grpc/listen_options.h"
#include "wasm_grpc/options.h"

namespace wasm_grpc::config {

/// TLS as people write it: the first certificate is the one for clients who ask for none.
struct TlsFiles {
  std::vector<std::string> certificates;
  std::vector<std::string> keys;  // of the certificates, in their order
  std::string client_ca;
  TlsClientAuth client_auth = TlsClientAuth::require;
};

/// Who may call what, as people write it; the rest of it is in `server.access`.
struct AccessLists {
  std::vector<std::string> issuers;
  std::vector<std::string> keys;  // of the issuers, in their order
  std::vector<std::string> audiences;
  std::vector<std::string> rates;
};

/// What is asked of a module that comes from a registry.
struct OfRegistry {
  /// Files of public keys, one of which has to have signed it; none: it need not be signed.
  std::vector<std::string> keys;
  /// How often the registry is asked whether the tag has changed, but no more than once a second; 0: never.
  std::chrono::milliseconds poll{0};
};

/// A module, and what it is given.
struct ModuleConfig {
  ModuleConfig() { options.guests.emplace(); }

  /// A file, or the name of a module in a registry: registry::is_reference().
  std::string path;
  OfRegistry registry;
  /// With `guests`, always.
  ModuleOptions options;
};

/// What is spoken, by the names of protocols; nothing: all.
using ProtocolNames = std::optional<std::vector<std::string>>;

/// An address to listen on. What is not said of it is as for the whole server.
struct ListenConfig {
  std::string address;
  ConnectionOptions connections = {};
  ProtocolNames protocols = {};
  TlsFiles tls = {};
  /// What all that becomes once it is read: what Server::listen() wants.
  ListenOptions options = {};
};

struct Config {
  /// Once it is read, all that Server::create() wants: with `tls`, `protocols`, `access`, `kept_slot_memory`, and with
  /// `guests` as large as any module's, since those of the server bound those of its modules; with `targets` at once.
  ServerOptions server;
  TlsFiles tls;
  ProtocolNames protocols;
  AccessLists access;
  /// Nothing: as much as suits the life of the instances.
  std::optional<std::size_t> kept_slot_memory;
  /// What holds for each module that does not say otherwise itself.
  ModuleConfig module_defaults;
  std::vector<ModuleConfig> modules;
  registry::RegistryOptions registries;
  /// Whether modules are loaded anew when their files, or the config's, change.
  bool watch = false;
  /// Where the number of the process is written to; empty: nowhere.
  std::string pid_file;
  std::vector<ListenConfig> listen = {{.address = "127.0.0.1:50051"}};
  std::vector<std::string> admin_listen;
};

}  // namespace wasm_grpc::config
