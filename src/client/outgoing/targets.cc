#include "client/outgoing/targets.h"

#include <algorithm>
#include <set>

#include "client/outgoing/target_address.h"
#include "client/tls.h"

namespace wasm_grpc::client {

namespace {

constexpr std::string_view module_scheme = "module:";

/// Reads the files as they will be read for each connection.
Result<> check_tls(const TargetTlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return Error{"a certificate to be shown needs its key, and a key its certificate"};
  }
  const auto context =
      make_tls_context({tls.ca_file, tls.certificate_file, tls.key_file}, {"the CA", "the certificate", "the key"});
  return context.ok() ? success() : Result<>(context.error());
}

Result<> check_address(const TargetOptions& target) {
  if (const auto module = module_of_address(target.address)) {
    if (module->empty()) return Error{"its address \"module:\" names no module; expected \"module:NAME\""};
    if (has_tls(target.tls) || !target.authority.empty()) {
      return Error{
          "it is a module of this server, which is called without a connection: neither TLS nor an authority "
          "means anything"};
    }
    return success();
  }
  if (auto address = parse_target_address(target.address); !address.ok()) return std::move(address).error();
  return has_tls(target.tls) ? check_tls(target.tls) : success();
}

}  // namespace

bool has_tls(const TargetTlsOptions& tls) noexcept {
  return tls.enabled || !tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.key_file.empty();
}

std::optional<std::string_view> module_of_address(std::string_view address) noexcept {
  if (!address.starts_with(module_scheme)) return std::nullopt;
  return address.substr(module_scheme.size());
}

Result<> check_targets(std::span<const TargetOptions> targets) {
  std::set<std::string_view> names;
  for (const TargetOptions& target : targets) {
    if (target.name.empty() || target.name.size() > max_target_name_bytes) {
      return Error{"a target has a name of " + std::to_string(target.name.size()) + " bytes; expected 1 to " +
                   std::to_string(max_target_name_bytes)};
    }
    if (!names.insert(target.name).second) return Error{"two targets have the name \"" + target.name + "\""};
    if (auto sound = check_address(target); !sound.ok()) {
      return Error{"the target \"" + target.name + "\": " + sound.error().message};
    }
    if (target.connect_timeout < std::chrono::milliseconds(1)) {
      return Error{"the target \"" + target.name + "\": its connect timeout is " +
                   std::to_string(target.connect_timeout.count()) + " ms; expected at least 1"};
    }
  }
  return success();
}

Result<> check_grants(std::span<const TargetGrant> grants, std::span<const TargetOptions> targets) {
  std::set<std::string_view> names;
  for (const TargetGrant& grant : grants) {
    const auto is_it = [&](const TargetOptions& target) { return target.name == grant.target; };
    if (std::ranges::none_of(targets, is_it)) {
      std::string known;
      for (const TargetOptions& target : targets) known += (known.empty() ? "" : ", ") + target.name;
      return Error{"it is granted the target \"" + grant.target + "\", which the server does not have; it has " +
                   (known.empty() ? "none" : known)};
    }
    if (!names.insert(grant.target).second) return Error{"it is granted the target \"" + grant.target + "\" twice"};
    for (const std::string& method : grant.methods) {
      if (method.starts_with('/')) continue;
      return Error{"of the target \"" + grant.target + "\" it is granted the methods \"" + method +
                   "\"; expected the beginning of a path, such as \"/package.Service/\""};
    }
    if (grant.max_time < std::chrono::milliseconds(0)) {
      return Error{"of the target \"" + grant.target + "\" its calls may take " +
                   std::to_string(grant.max_time.count()) + " ms; expected 0 or more"};
    }
  }
  return success();
}

}  // namespace wasm_grpc::client
