#include "config/read.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <system_error>

#include "client/outgoing/targets.h"
#include "config/draft.h"
#include "registry/reference.h"
#include "wasm_grpc/rate_text.h"

namespace wasm_grpc::config {

namespace {

constexpr std::size_t most_problems = 50;

/// The content of a file that has no more than `most` bytes; the error has no path.
Result<std::string> content(const std::string& path, std::size_t most) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Error{"is a directory; expected a file"};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{"cannot be opened: " + std::generic_category().message(errno != 0 ? errno : EIO)};
  std::string text(most + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error{"cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most) return Error{"is larger than " + std::to_string(most) + " bytes"};
  return text;
}

class ProcessSecrets final : public Secrets {
 public:
  Result<std::string> file(const std::string& path) const override { return content(path, max_secret_bytes); }
  std::optional<std::string> variable(const std::string& name) const override {
    const char* const value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  }
};

/// A flag holds over what was said of single addresses, and of TLS over all of it: half of it is none.
void forget_of_listeners(const Setting& setting, Draft& draft) {
  if (&setting == find_setting("listen")) draft.listen_said.clear();
  if (!setting.listen) return;
  for (std::vector<Given>& said : draft.listen_said) {
    std::erase_if(said, [&](const Given& one) {
      return one.setting == &setting || (!setting.table.empty() && one.setting->table == setting.table);
    });
  }
}

void put_command_line(const CommandLine& command_line, Draft& draft) {
  for (const auto& [setting, value] : command_line.flags) {
    draft.places.erase(setting);
    forget_of_listeners(*setting, draft);
    if (setting->config) put(*setting, setting->config, draft.config, value);
    if (!setting->module) continue;
    if (!setting->config) put(*setting, setting->module, draft.config.module_defaults, value);
    for (ModuleConfig& module : draft.config.modules) put(*setting, setting->module, module, value);
  }
  if (!command_line.modules.empty() && !draft.config.modules.empty()) {
    draft.complain(draft.module_places.front(),
                   "the file has a [[module]], and the command line a MODULE: give one of both");
    return;
  }
  for (const std::string& path : command_line.modules) {
    if (const auto sound = registry::check_path(path); !sound.ok()) draft.complain({}, sound.error().message);
    draft.config.modules.push_back(draft.config.module_defaults);
    draft.config.modules.back().path = path;
  }
}

/// Settings that make sense together only.
class Fit {
 public:
  explicit Fit(Draft& draft) : draft_(draft) {}

  void check_server_tls() {
    check_tls(draft_.config.tls, [this](std::string_view name, const std::string& what, std::string_view other) {
      complain_of(name, what, other);
    });
  }
  /// TLS of its own that an address has.
  void check_tls_of(const ListenConfig& listen, Place place) {
    check_tls(listen.tls, [&](std::string_view name, const std::string& what, std::string_view other) {
      draft_.complain(place, "[[listen]]: " + dotted(*find_setting(name)) + what + dotted(*find_setting(other)));
    });
  }
  void check_access() {
    const AccessLists& access = draft_.config.access;
    if (access.issuers.size() == access.keys.size()) return;
    complain_of(access.issuers.empty() ? "access-keys" : "access-issuer",
                " does not fit: there are " + std::to_string(access.issuers.size()) + " issuers and " +
                    std::to_string(access.keys.size()) +
                    " files of keys; expected a file of keys for each issuer, in the same order, by ",
                access.issuers.empty() ? "access-issuer" : "access-keys");
  }
  /// Names by which the modules of a file are told apart.
  void check_names() {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < draft_.module_places.size(); ++i) {
      const ModuleConfig& module = draft_.config.modules[i];
      if (module.path.empty() || names.insert(module.options.name).second) continue;
      draft_.complain(draft_.module_places[i], "two modules have the name " + in_quotes(module.options.name) +
                                                   "; give one of them another by name = \"...\"");
    }
  }
  /// Targets, and who is granted them.
  void check_targets() {
    const std::vector<TargetOptions>& targets = draft_.config.server.targets;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < draft_.target_places.size(); ++i) {
      if (targets[i].name.empty() || names.insert(targets[i].name).second) continue;
      draft_.complain(draft_.target_places[i],
                      "two targets have the name " + in_quotes(targets[i].name) + "; give one of them another");
    }
    for (std::size_t i = 0; i < draft_.module_places.size(); ++i) {
      const auto granted = client::check_grants(draft_.config.modules[i].options.targets, targets);
      if (!granted.ok()) draft_.complain(draft_.module_places[i], granted.error().message);
    }
  }

 private:
  static std::string dotted(const Setting& setting) {
    return std::string(setting.table) + "." + std::string(setting.key);
  }
  void complain_of(std::string_view name, const std::string& what, std::string_view other) {
    const bool in_file = draft_.places.contains(find_setting(name));
    const auto called = [&](std::string_view one) {
      return in_file ? dotted(*find_setting(one)) : find_setting(one)->flag();
    };
    draft_.complain(in_file ? draft_.places.at(find_setting(name)) : Place(), called(name) + what + called(other));
  }
  /// `complain(one, what, other)`: of the setting `one` that `other` is missing or does not fit.
  template <typename Complain>
  static void check_tls(const TlsFiles& tls, const Complain& complain) {
    const bool has_certificate = !tls.certificates.empty();
    if (has_certificate != !tls.keys.empty()) {
      complain(has_certificate ? "tls-cert" : "tls-key", " requires ", has_certificate ? "tls-key" : "tls-cert");
    } else if (tls.certificates.size() != tls.keys.size()) {
      complain("tls-cert",
               " is given " + std::to_string(tls.certificates.size()) + " times, and keys " +
                   std::to_string(tls.keys.size()) + " times; give each certificate its key, in the same order, by ",
               "tls-key");
    }
    if (!tls.client_ca.empty() && !has_certificate) complain("tls-client-ca", " requires ", "tls-cert");
    if (tls.client_auth != TlsClientAuth::require && tls.client_ca.empty()) {
      complain("tls-client-auth", " requires ", "tls-client-ca");
    }
  }

  Draft& draft_;
};

void name_modules(Config& config) {
  for (ModuleConfig& module : config.modules) {
    if (!module.options.name.empty()) continue;
    const auto reference = registry::Reference::parse(module.path);
    module.options.name = registry::is_reference(module.path) && reference.ok()
                              ? reference.value().module_name()
                              : std::filesystem::path(module.path).stem().string();
  }
}

TlsOptions tls_options(const TlsFiles& files) {
  TlsOptions tls;
  tls.client_ca_file = files.client_ca;
  tls.client_auth = files.client_auth;
  for (std::size_t i = 0; i < files.certificates.size(); ++i) {
    if (i == 0) {
      tls.certificate_file = files.certificates[i];
      tls.key_file = files.keys[i];
    } else {
      tls.further_certificates.push_back({files.certificates[i], files.keys[i]});
    }
  }
  return tls;
}

Protocols protocols_of(const ProtocolNames& names) {
  if (!names) return {};
  const auto has = [&](std::string_view name) { return std::ranges::find(*names, name) != names->end(); };
  return {has("grpc"), has("grpc-web"), has("connect"), has("rest"), has("http"), has("http1")};
}

/// Gives each address what was said of it, and for the rest what holds for the server.
void settle_listeners(Draft& draft, Fit& fit) {
  Config& config = draft.config;
  config.server.protocols = protocols_of(config.protocols);
  draft.listen_said.resize(config.listen.size());
  for (std::size_t i = 0; i < config.listen.size(); ++i) {
    const std::vector<Given>& said = draft.listen_said[i];
    ListenConfig listen{
        .address = config.listen[i].address, .connections = config.server, .protocols = config.protocols};
    bool has_tls = false;
    bool has_connections = false;
    for (const Given& one : said) {
      put(*one.setting, one.setting->listen, listen, one.value);
      const bool is_tls = one.setting->table == "tls";
      has_tls |= is_tls;
      has_connections |= !is_tls && one.setting->key != "address";
    }
    listen.connections.protocols = protocols_of(listen.protocols);
    if (has_tls) fit.check_tls_of(listen, draft.listen_places[i]);
    if (has_tls && draft.problems.empty()) listen.options.tls = tls_options(listen.tls);
    if (has_connections) listen.options.connections = listen.connections;
    config.listen[i] = std::move(listen);
  }
}

void set_access(const AccessLists& lists, AccessOptions& access) {
  for (std::size_t i = 0; i < lists.issuers.size(); ++i) {
    access.tokens.issuers.push_back({lists.issuers[i], lists.audiences, lists.keys[i]});
  }
  for (const std::string& text : lists.rates) {
    if (auto rate = parse_rate_limit(text); rate.ok()) access.rates.push_back(std::move(rate).value());
  }
}

/// Makes of what was said what Server::create() wants.
void complete(Config& config) {
  config.server.tls = tls_options(config.tls);
  set_access(config.access, config.server.access);

  // Each module has limits of its own by now; the server's are the most of them, which its instances are laid out for.
  GuestLimits bounds = *config.module_defaults.options.guests;
  bounds.time_slice = config.server.guests.time_slice;
  bounds.max_instances = 0;
  bool fresh = false;
  for (ModuleConfig& module : config.modules) {
    GuestLimits& own = *module.options.guests;
    own.time_slice = bounds.time_slice;
    bounds.max_memory_bytes = std::max(bounds.max_memory_bytes, own.max_memory_bytes);
    bounds.max_table_elements = std::max(bounds.max_table_elements, own.max_table_elements);
    bounds.max_stack_bytes = std::max(bounds.max_stack_bytes, own.max_stack_bytes);
    bounds.max_module_bytes = std::max(bounds.max_module_bytes, own.max_module_bytes);
    fresh = fresh || module.options.instances.mode == InstanceMode::fresh;
  }
  config.server.guests = bounds;
  // Where instances are many and short this makes a call twice as cheap (ServerOptions::kept_slot_memory).
  constexpr std::size_t with_fresh_instances = std::size_t{128} << 10;
  config.server.kept_slot_memory = config.kept_slot_memory.value_or(fresh ? with_fresh_instances : 0);
}

Reading finish(Draft draft, const std::string& name, const CommandLine& command_line) {
  put_command_line(command_line, draft);
  name_modules(draft.config);
  Fit fit(draft);
  fit.check_server_tls();
  fit.check_access();
  fit.check_names();
  fit.check_targets();
  settle_listeners(draft, fit);
  const Place whole = name.empty() ? Place() : Place{1, 1};  // of what is missing
  if (draft.config.listen.empty()) {
    draft.complain(whole, "no address to listen on: leave listen out, or name one");
  }
  if (draft.problems.empty() && draft.config.modules.empty()) {
    draft.complain(whole, "no module to serve: give a MODULE, or in the file a [[module]] with its path");
  }
  Reading reading;
  if (draft.problems.empty()) {
    complete(draft.config);
    reading.config = std::move(draft.config);
    return reading;
  }
  // Those of one place stay in their order. (std::stable_sort uses what C++17 has deprecated, which Clang reports.)
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, const Problem*> in_order;
  for (const Problem& problem : draft.problems) {
    in_order.emplace(std::pair(problem.place.line, problem.place.column), &problem);
  }
  for (const auto& [at, problem] : in_order) {
    const Place& place = problem->place;
    if (reading.problems.size() == most_problems) {
      reading.problems.push_back(name + ": there are " + std::to_string(draft.problems.size() - most_problems) +
                                 " more");
      break;
    }
    const std::string where =
        place.line == 0 ? "" : name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
    reading.problems.push_back(where + problem->message);
  }
  return reading;
}

}  // namespace

const Secrets& process_secrets() noexcept {
  static const ProcessSecrets secrets;
  return secrets;
}

Reading read(std::string_view text, const Source& source, const CommandLine& command_line, const Secrets& secrets) {
  Draft draft;
  read_toml(text, source, secrets, draft);
  return finish(std::move(draft), source.name, command_line);
}

Reading read_file(const std::string& path, const CommandLine& command_line, const Secrets& secrets) {
  auto text = content(path, max_config_bytes);
  if (!text.ok()) return {std::nullopt, {path + ": " + text.error().message}};
  return read(text.value(), {path, std::filesystem::path(path).parent_path().string()}, command_line, secrets);
}

Reading read(const CommandLine& command_line) { return finish({}, "", command_line); }

}  // namespace wasm_grpc::config
