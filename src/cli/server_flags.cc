#include "cli/server_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>

namespace wasm_grpc::cli {

namespace {

constexpr std::array<const char*, 5> level_names = {"trace", "debug", "info", "warn", "error"};

/// HOST[:GUEST][:ro|:rw]; the guest's path is the host's where it is not given, read-only where not said otherwise.
Result<DirectoryGrant> parse_directory(const std::string& text) {
  DirectoryGrant grant;
  std::string rest = text;
  if (rest.ends_with(":rw") || rest.ends_with(":ro")) {
    grant.read_only = rest.ends_with(":ro");
    rest.resize(rest.size() - 3);
  }
  const std::size_t colon = rest.find(':');
  grant.host_path = rest.substr(0, colon);
  grant.guest_path = colon == std::string::npos ? grant.host_path : rest.substr(colon + 1);
  std::error_code error;
  if (grant.host_path.empty() || grant.guest_path.empty()) {
    return Error{"--dir " + text + ": expected HOST[:GUEST][:ro|:rw]"};
  }
  if (!std::filesystem::is_directory(grant.host_path, error)) {
    return Error{"--dir " + text + ": " + grant.host_path + " is not a directory"};
  }
  return grant;
}

}  // namespace

void add_code_cache_flag(CLI::App& command, std::string& directory) {
  command
      .add_option("--code-cache", directory,
                  "Directory where compiled modules are kept for the next start; writable by this user alone")
      ->type_name("DIR");
}

void ModuleFlags::add_to(CLI::App& command) {
  command
      .add_option("--dir", directories, "Directory the modules may see, HOST[:GUEST][:ro|:rw]; read-only if not said")
      ->allow_extra_args(false)
      ->type_name("DIR");
  command.add_option("--env", environment, "Environment variable the modules see, NAME=VALUE")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  command.add_option("--arg", arguments, "Argument the modules get, after their name")
      ->allow_extra_args(false)
      ->type_name("TEXT");
}

Result<ModuleOptions> ModuleFlags::options() const {
  ModuleOptions options;
  options.arguments = arguments;
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) return Error{"--env " + variable + ": expected NAME=VALUE"};
    options.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  for (const std::string& text : directories) {
    auto grant = parse_directory(text);
    if (!grant.ok()) return std::move(grant).error();
    options.directories.push_back(std::move(grant).value());
  }
  return options;
}

void TlsFlags::add_to(CLI::App& command) {
  CLI::Option* certificate =
      command
          .add_option("--tls-cert", certificates,
                      "The server's TLS certificate and its chain, PEM; again for other names, each with a --tls-key")
          ->allow_extra_args(false)
          ->type_name("FILE");
  CLI::Option* key = command.add_option("--tls-key", keys, "The private key of --tls-cert, PEM, in the same order")
                         ->allow_extra_args(false)
                         ->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
  CLI::Option* ca = command.add_option("--tls-client-ca", client_ca, "Who signs the certificates of clients")
                        ->needs(certificate)
                        ->type_name("FILE");
  command.add_option("--tls-client-auth", client_auth, "Whether clients must show a certificate of --tls-client-ca")
      ->needs(ca)
      ->check(CLI::IsMember({"require", "request"}))
      ->capture_default_str()
      ->type_name("HOW");
}

Result<TlsOptions> TlsFlags::options() const {
  if (certificates.size() != keys.size()) {
    return Error{"--tls-cert is given " + std::to_string(certificates.size()) + " times and --tls-key " +
                 std::to_string(keys.size()) + " times; give each certificate its key, in the same order"};
  }
  TlsOptions options;
  options.client_ca_file = client_ca;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    if (i == 0) {
      options.certificate_file = certificates[i];
      options.key_file = keys[i];
    } else {
      options.further_certificates.push_back({certificates[i], keys[i]});
    }
  }
  options.client_auth = client_auth == "request" ? TlsClientAuth::request : TlsClientAuth::require;
  return options;
}

void ConnectionFlags::add_to(CLI::App& command) {
  const auto add = [&](const char* name, std::int64_t& value, const char* text, long least = 0) {
    command.add_option(name, value, text)
        ->check(CLI::Range(least, 30L * 24 * 3'600'000))
        ->capture_default_str()
        ->type_name("MS");
  };
  add("--keepalive-time", keepalive_time_ms, "Ping clients that were silent for this long; 0: never");
  add("--keepalive-timeout", keepalive_timeout_ms, "How long such a client may take to answer, in ms", 1);
  add("--min-ping-interval", min_ping_interval_ms, "How often clients may ping during calls; 0: as they like");
  command.add_flag("--permit-pings-without-calls", pings_without_calls,
                   "--min-ping-interval holds for clients without calls too");
  add("--max-connection-idle", max_idle_ms, "End connections without calls for this long; 0: never");
  add("--max-connection-age", max_age_ms, "End connections older than this, gracefully; 0: never");
  add("--max-connection-age-grace", max_age_grace_ms, "What is left to their calls then; 0: no limit");
}

void ConnectionFlags::set(ServerOptions& options) const {
  using std::chrono::milliseconds;
  options.keepalive_time = milliseconds(keepalive_time_ms);
  options.keepalive_timeout = milliseconds(keepalive_timeout_ms);
  options.min_ping_interval = milliseconds(min_ping_interval_ms);
  options.pings_without_calls = pings_without_calls;
  options.max_connection_idle = milliseconds(max_idle_ms);
  options.max_connection_age = milliseconds(max_age_ms);
  options.max_connection_age_grace = milliseconds(max_age_grace_ms);
}

void LogFlags::add_to(CLI::App& command) {
  command.add_option("--log-level", level, "Least severe lines to log")
      ->check(CLI::IsMember(std::vector<std::string>(level_names.begin(), level_names.end())))
      ->capture_default_str()
      ->type_name("LEVEL");
}

LogLevel LogFlags::value() const {
  const auto found = std::find(level_names.begin(), level_names.end(), level);
  return static_cast<LogLevel>(found - level_names.begin());
}

}  // namespace wasm_grpc::cli
