#include "access/call_gate.h"

#include <algorithm>
#include <utility>

#include "access/http_path.h"

namespace wasm_grpc::access {

namespace {

/// A reload may bring others: this many are remembered.
constexpr std::size_t most_methods = 20'000;

constexpr std::string_view token_key = "authorization";

/// Signatures of tokens that were not good, of one host: a check takes as long as many calls.
constexpr Rate bad_signature_rate{.per_second = 20, .burst = 100};
constexpr std::size_t bad_signature_hosts = 1024;

/// The token of "Bearer TOKEN" (RFC 6750, 2.1; schemes are the same in upper and lower case, RFC 9110, 11.1). Nothing
/// for another scheme.
std::optional<std::string_view> bearer_token(std::string_view field) {
  constexpr std::string_view scheme = "bearer";
  if (field.size() < scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    if ((field[i] | 0x20) != scheme[i]) return std::nullopt;
  }
  field.remove_prefix(scheme.size());
  if (!field.empty() && field.front() != ' ') return std::nullopt;
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  return field;
}

/// Hosts are numbers with structure; the table wants them spread (a step of SplitMix64).
std::uint64_t spread(std::uint64_t number) noexcept {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111eb;
  return number ^ (number >> 31U);
}

Identity identity_of(const rpc::Request& request) noexcept {
  Identity identity;
  if (request.client != nullptr) {
    identity.names = request.client->tls_names;
    identity.is_encrypted = request.client->is_encrypted;
  }
  if (request.has_forwarded_tls_names) identity.names = request.forwarded_tls_names;
  return identity;
}

/// The one that gRFC A43 would look at first: a URI, a DNS name, the subject.
std::string principal_of(const Identity& identity) {
  const TlsName* best = nullptr;
  for (const TlsNameKind kind : {TlsNameKind::uri, TlsNameKind::dns, TlsNameKind::common_name}) {
    const auto is_it = [kind](const TlsName& name) { return name.kind == kind; };
    const auto found = std::find_if(identity.names.begin(), identity.names.end(), is_it);
    if (found == identity.names.end()) continue;
    best = &*found;
    break;
  }
  if (best == nullptr && !identity.names.empty()) best = &identity.names.front();
  if (best != nullptr) return std::string(name(best->kind)) + ":" + best->value;
  if (identity.claims != nullptr && !identity.claims->subject.empty()) return "sub:" + identity.claims->subject;
  return {};
}

// The same for all who are denied: it is not told which rule it was, nor that there are others.
rpc::Refusal denial() { return {{rpc::StatusCode::permission_denied, "this call is not permitted"}, {}, {}}; }

rpc::Refusal no_token() { return {{rpc::StatusCode::unauthenticated, "a bearer token is missing"}, "Bearer", {}}; }

}  // namespace

CallGate::CallGate(AuditLog& log)
    : log_(log), rules_(std::make_shared<Rules>()), bad_signatures_(bad_signature_hosts) {}

void CallGate::use(std::shared_ptr<const Rules> rules) {
  by_method_.clear();  // it refers to the policy
  if (rules->tokens != rules_->tokens) cache_.clear();
  rules_ = std::move(rules);
}

std::optional<rpc::Refusal> CallGate::refuse(rpc::Request& request, const rpc::Target& target) {
  Identity identity = identity_of(request);
  if (rules_->rates != nullptr) {
    if (auto refusal = take_rate(RateLimits::When::before_identity, request, target, identity)) return refusal;
  }
  if (rules_->tokens != nullptr) {
    if (auto refusal = take_token(request, identity)) return refusal;
  }
  if (rules_->policy != nullptr) {
    if (auto refusal = ask_policy(request, target, identity)) return refusal;
  }
  if (rules_->rates != nullptr) return take_rate(RateLimits::When::after_identity, request, target, identity);
  return std::nullopt;
}

// ---- Tokens ----

std::optional<rpc::Refusal> CallGate::take_token(rpc::Request& request, Identity& identity) {
  const auto field = request.metadata.get(token_key);
  if (field && request.metadata.get(token_key, 1)) return bad_token(TokenFault::malformed);  // which of them holds?
  const auto text = field ? bearer_token(*field) : std::nullopt;
  if (text) return check_token(*text, request, identity);
  if (!rules_->requires_token) return std::nullopt;
  ++counters_.unauthenticated;
  return no_token();
}

std::optional<rpc::Refusal> CallGate::check_token(std::string_view text, rpc::Request& request, Identity& identity) {
  const auto now = std::chrono::system_clock::now();
  std::shared_ptr<const VerifiedToken> token;
  if (const auto* known = cache_.find(text)) {
    if (!(seconds_of(now) < (*known)->good_until)) return bad_token(TokenFault::expired);
    token = *known;
  } else {
    const std::uint64_t host = spread(request.client == nullptr ? 0 : request.client->host);
    const auto steady_now = RateTable::Clock::now();
    if (const auto wait = bad_signatures_.look(host, bad_signature_rate, steady_now)) {
      return over_rate(std::chrono::ceil<std::chrono::milliseconds>(*wait));
    }
    TokenCheck check = rules_->tokens->verify(text, now);
    if (check.token != nullptr || check.fault == TokenFault::signature) ++counters_.signatures_checked;
    if (check.token == nullptr) {
      if (check.fault == TokenFault::signature) (void)bad_signatures_.take(host, bad_signature_rate, steady_now);
      return bad_token(check.fault);
    }
    token = std::move(check.token);
    cache_.add(token);
  }
  identity.claims = &token->parsed;
  request.token = std::move(token);
  if (!rules_->forwards_token) drop_token(request.metadata);
  return std::nullopt;
}

// Why it is not good helps those who guess; that its time is over, its bearer may know, who can read it too.
rpc::Refusal CallGate::bad_token(TokenFault fault) {
  ++counters_.unauthenticated;
  if (fault == TokenFault::expired) {
    return {{rpc::StatusCode::unauthenticated, "the bearer token has expired"},
            "Bearer error=\"invalid_token\", error_description=\"the token has expired\"",
            {}};
  }
  return {{rpc::StatusCode::unauthenticated, "the bearer token is not good"}, "Bearer error=\"invalid_token\"", {}};
}

void CallGate::drop_token(rpc::Metadata& metadata) {
  scratch_.clear();
  for (const auto [key, value] : metadata) {
    if (key != token_key) scratch_.add(key, value);
  }
  std::swap(metadata, scratch_);
}

// ---- The policy ----

std::optional<rpc::Refusal> CallGate::ask_policy(const rpc::Request& request, const rpc::Target& target,
                                                 const Identity& identity) {
  const Decision decision = decide(request, target, identity);
  audit(decision, request, target, identity);
  if (decision.is_allowed) return std::nullopt;
  // Who nobody knows yet may be somebody (grpc/doc/statuscodes.md).
  if (rules_->tokens != nullptr && identity.claims == nullptr && identity.names.empty()) {
    ++counters_.unauthenticated;
    return no_token();
  }
  ++counters_.denied;
  return denial();
}

Decision CallGate::decide(const rpc::Request& request, const rpc::Target& target, const Identity& identity) {
  if (target.is_method) return rules_for(target.path).decide(identity, request.metadata);
  if (!is_plain_path(target.path)) return {};
  return rules_->policy->rules_for(target.path).decide(identity, request.metadata);
}

const PathRules& CallGate::rules_for(std::string_view method) {
  const auto found = by_method_.find(method);
  if (found != by_method_.end()) return found->second;
  if (by_method_.size() >= most_methods) by_method_.clear();
  return by_method_.emplace(method, rules_->policy->rules_for(method)).first->second;
}

void CallGate::audit(const Decision& decision, const rpc::Request& request, const rpc::Target& target,
                     const Identity& identity) const {
  const Policy& policy = *rules_->policy;
  const Audit wanted = policy.audit();
  if (wanted == Audit::none ||
      (wanted != Audit::on_deny_and_allow && (wanted == Audit::on_allow) != decision.is_allowed))
    return;
  const std::string principal = principal_of(identity);
  log_.note({.path = target.path,
             .peer = request.client == nullptr ? std::string_view() : request.client->peer,
             .principal = principal,
             .policy = policy.name(),
             .rule = decision.rule == nullptr ? std::string_view() : decision.rule->name,
             .is_allowed = decision.is_allowed});
}

// ---- Rates ----

std::optional<rpc::Refusal> CallGate::take_rate(RateLimits::When when, const rpc::Request& request,
                                                const rpc::Target& target, const Identity& identity) {
  const auto wait = rules_->rates->take(when, request, target.path, identity);
  if (!wait) return std::nullopt;
  return over_rate(*wait);
}

rpc::Refusal CallGate::over_rate(std::chrono::milliseconds wait) {
  ++counters_.over_rate;
  return {{rpc::StatusCode::resource_exhausted, "too many calls; try again later"}, {}, wait};
}

}  // namespace wasm_grpc::access
