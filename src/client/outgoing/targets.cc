#include "client/outgoing/targets.h"

#include <algorithm>
#include <set>

#include "client/outgoing/http/http_address.h"
#include "client/outgoing/target_address.h"
#include "client/tls.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::client {

namespace {

constexpr std::string_view module_scheme = "module:";

/// Of retries and of hedging.
template <typename Options>
Result<> check_attempts(const Options& options, std::span<const rpc::StatusCode> codes, std::string_view what) {
  if (options.max_attempts < 1 || options.max_attempts > most_attempts) {
    return Error{std::string(what) + " has " + std::to_string(options.max_attempts) + " attempts; expected 1 to " +
                 std::to_string(most_attempts)};
  }
  for (const rpc::StatusCode code : codes) {
    if (code == rpc::StatusCode::ok) return Error{std::string(what) + " has the code OK, which is no failure"};
  }
  for (const std::string& method : options.methods) {
    if (!method.starts_with('/')) {
      return Error{std::string(what) + " is for the methods \"" + method +
                   "\"; expected the beginning of a path, such as \"/package.Service/\""};
    }
  }
  return success();
}

Result<> check_repeats(const TargetOptions& target) {
  if (auto sound = check_attempts(target.retry, target.retry.codes, "its retry"); !sound.ok()) return sound;
  if (auto sound = check_attempts(target.hedging, target.hedging.non_fatal_codes, "its hedging"); !sound.ok()) {
    return sound;
  }
  const RetryOptions& retry = target.retry;
  const std::chrono::milliseconds none{0};
  if (retry.initial_backoff < std::chrono::milliseconds(1) || retry.max_backoff < retry.initial_backoff) {
    return Error{"its retry pauses for " + std::to_string(retry.initial_backoff.count()) + " ms at first and " +
                 std::to_string(retry.max_backoff.count()) +
                 " ms at most; expected 1 ms or more, and at most as much or more"};
  }
  if (retry.multiplier < 1 || retry.multiplier > most_multiplier) {
    return Error{"its retry has the multiplier " + std::to_string(retry.multiplier) + "; expected 1 to " +
                 std::to_string(most_multiplier)};
  }
  if (retry.attempt_timeout < none || target.hedging.delay < none) {
    return Error{"its retry or hedging has a time below 0; expected 0 or more"};
  }
  const RetryThrottlingOptions& throttling = target.retry_throttling;
  if (throttling.max_tokens > most_tokens || !(throttling.token_ratio >= 0 && throttling.token_ratio <= 1)) {
    return Error{"its retry throttling has " + std::to_string(throttling.max_tokens) +
                 " tokens, or a ratio that is none; expected at most " + std::to_string(most_tokens) +
                 ", and a ratio of 0 to 1"};
  }
  return success();
}

Result<> check_outliers(const TargetOptions& target) {
  const OutlierEjectionOptions& outliers = target.outlier_ejection;
  if (outliers.consecutive_failures == 0) return success();
  if (target.balancing != TargetBalancing::round_robin) {
    return Error{"its outlier ejection leaves addresses out, and only with round-robin balancing are there several"};
  }
  if (outliers.base_time < std::chrono::milliseconds(1) || outliers.max_time < outliers.base_time) {
    return Error{"its outlier ejection is for " + std::to_string(outliers.base_time.count()) + " ms at first and " +
                 std::to_string(outliers.max_time.count()) +
                 " ms at most; expected 1 ms or more, and at most as much or more"};
  }
  if (outliers.max_percent > 100) {
    return Error{"its outlier ejection leaves out " + std::to_string(outliers.max_percent) +
                 " % of the addresses; expected at most 100"};
  }
  return success();
}

Result<> check_forwarded(const TargetOptions& target) {
  for (const std::string& key : target.forward_metadata) {
    if (!rpc::is_valid_key(key)) {
      return Error{"it is forwarded the metadata \"" + key +
                   "\", which no call can have; expected a key in small letters"};
    }
  }
  return success();
}

/// Of one that is called by plain HTTP.
Result<> check_http(const TargetOptions& target) {
  const auto address = parse_http_address(target.address);
  if (!address.ok()) return address.error();
  if (!address.value().tls && has_tls(target.tls)) {
    return Error{"its address begins with http://, where no TLS is spoken; expected https:// or no tls"};
  }
  if (address.value().wildcard && !target.authority.empty()) {
    return Error{"its address has a wildcard, and so no authority of its own"};
  }
  if (target.retry.max_attempts > 1 || target.hedging.max_attempts > 1 || target.wait_for_ready ||
      target.balancing != TargetBalancing::pick_first) {
    return Error{
        "it is called by plain HTTP: retry, hedging, wait-for-ready and balancing are of gRPC, and mean nothing"};
  }
  return has_tls(target.tls) ? check_tls(target.tls) : success();
}

Result<> check_address(const TargetOptions& target) {
  if (target.http_version != TargetHttpVersion::automatic && !is_http_address(target.address)) {
    return Error{"its address begins neither with http:// nor with https://: an HTTP version means nothing"};
  }
  if (const auto module = module_of_address(target.address)) {
    if (module->empty()) return Error{"its address \"module:\" names no module; expected \"module:NAME\""};
    if (has_tls(target.tls) || !target.authority.empty()) {
      return Error{
          "it is a module of this server, which is called without a connection: neither TLS nor an authority "
          "means anything"};
    }
    if (target.retry.max_attempts > 1 || target.hedging.max_attempts > 1 || target.wait_for_ready) {
      return Error{
          "it is a module of this server, whose calls neither wait for it nor are made again: retry, hedging and "
          "wait-for-ready mean nothing"};
    }
    return success();
  }
  if (is_http_address(target.address)) return check_http(target);
  if (auto address = parse_target_address(target.address); !address.ok()) return std::move(address).error();
  return has_tls(target.tls) ? check_tls(target.tls) : success();
}

}  // namespace

bool has_tls(const TargetTlsOptions& tls) noexcept {
  return tls.enabled || !tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.key_file.empty();
}

Result<> check_tls(const TargetTlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return Error{"a certificate to be shown needs its key, and a key its certificate"};
  }
  const auto context =
      make_tls_context({tls.ca_file, tls.certificate_file, tls.key_file}, {"the CA", "the certificate", "the key"});
  return context.ok() ? success() : Result<>(context.error());
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
    if (target.max_waiting < 1 || target.max_waiting > most_waiting_calls) {
      return Error{"the target \"" + target.name + "\": " + std::to_string(target.max_waiting) +
                   " of its calls may wait; expected 1 to " + std::to_string(most_waiting_calls)};
    }
    for (const auto check : {check_repeats, check_outliers, check_forwarded}) {
      if (auto sound = check(target); !sound.ok()) {
        return Error{"the target \"" + target.name + "\": " + sound.error().message};
      }
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
