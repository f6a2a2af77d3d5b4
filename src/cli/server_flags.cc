#include "cli/server_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "cli/time_flag.h"

namespace wasm_grpc::cli {

namespace {

constexpr std::array<const char*, 5> level_names = {"trace", "debug", "info", "warn", "error"};
// In the order of the enums.
constexpr std::array<std::string_view, 2> format_names = {"text", "json"};
constexpr std::array<std::string_view, 3> access_names = {"none", "errors", "all"};

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

void ObserveFlags::add_to(CLI::App& command) {
  const auto part = [&](const char* name, double& value, const char* what) {
    command.add_option(name, value, what)->check(CLI::Range(0.0, 1.0))->capture_default_str()->type_name("PART");
  };
  command.add_option("--log-format", log_format, "How lines are written, those of calls too: text or json")
      ->check(CLI::IsMember(std::vector<std::string>(format_names.begin(), format_names.end())))
      ->capture_default_str()
      ->type_name("FORMAT");
  command.add_option("--log-file", log_file, "Where lines are written to; SIGUSR1 opens it again by its name")
      ->type_name("FILE");
  command.add_option("--access-log-calls", access_log, "Which calls are logged when they end: none, errors or all")
      ->check(CLI::IsMember(std::vector<std::string>(access_names.begin(), access_names.end())))
      ->capture_default_str()
      ->type_name("CALLS");
  add_time_flag(command, "--access-log-slower-than", access.slower_than,
                "Calls that took longer are logged too, in ms; 0: they are not");
  part("--access-log-sample", access.sample, "The part of all calls that is logged; failed and slow ones always are");
  command.add_option("--access-log-file", access.file, "Where lines of calls are written to")->type_name("FILE");
  command
      .add_option("--trace-endpoint", trace.endpoint,
                  "The collector that gets a span of each sampled call, by OTLP over gRPC; nothing is traced without")
      ->type_name("ADDRESS");
  part("--trace-sample", trace.sample, "The part of the calls that is sampled whose client says nothing of it");
  command.add_flag("--trace-follow-clients,!--no-trace-follow-clients", trace.follow_clients,
                   "Whether a call is sampled when its client says so, and not when it says not");
  command.add_option("--trace-service", trace.service_name, "What the collector knows the server by: service.name")
      ->capture_default_str()
      ->type_name("NAME");
  command.add_option("--trace-ca", trace.ca_file, "Who signs the certificate of an https:// collector, PEM")
      ->type_name("FILE");
  command.add_option("--trace-metadata", trace_metadata, "Sent with each export, such as a key for the collector")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

Result<> ObserveFlags::set(ServerOptions& options) const {
  options.log_format = static_cast<LogFormat>(std::ranges::find(format_names, log_format) - format_names.begin());
  options.log_file = log_file;
  options.access_log = access;
  options.access_log.calls = static_cast<AccessLog>(std::ranges::find(access_names, access_log) - access_names.begin());
  options.trace = trace;
  for (const std::string& pair : trace_metadata) {
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{"--trace-metadata: expected KEY=VALUE"};  // without the text: it may be a secret
    }
    options.trace.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return success();
}

}  // namespace wasm_grpc::cli
