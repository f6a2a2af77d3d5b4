#include "access/policy.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace wasm_grpc::access {

namespace {

constexpr std::string_view scope_claim = "scope";

bool one_matches(const std::vector<Pattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) { return pattern.matches(text); });
}

bool one_word_matches(const std::vector<Pattern>& patterns, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (end > 0 && one_matches(patterns, words.substr(0, end))) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

bool is_scalar(const Value& value) {
  return value.is(Value::Kind::string) || value.is(Value::Kind::number) || value.is(Value::Kind::boolean);
}

}  // namespace

bool HeaderCondition::holds(const rpc::Metadata& headers) const {
  const auto first = headers.get(key);
  if (!first) return false;
  if (!headers.get(key, 1)) return one_matches(values, *first);
  std::string joined(*first);
  for (std::size_t i = 1; const auto next = headers.get(key, i); ++i) joined.append(1, ',').append(*next);
  return one_matches(values, joined);
}

bool ClaimCondition::holds(const Claims* claims) const {
  if (claims == nullptr) return false;
  const Value* value = &claims->all;
  for (const std::string& key : path) {
    value = value->find(key);
    if (value == nullptr) return false;
  }
  if (value->is(Value::Kind::array)) {
    return std::any_of(value->items.begin(), value->items.end(),
                       [this](const Value& item) { return is_scalar(item) && one_matches(values, item.text); });
  }
  if (!is_scalar(*value)) return false;
  if (path.size() == 1 && path.front() == scope_claim) return one_word_matches(values, value->text);
  return one_matches(values, value->text);
}

bool Rule::is_for(std::string_view path) const noexcept { return paths.empty() || one_matches(paths, path); }

bool Rule::matches(const Identity& identity, const rpc::Metadata& headers_sent) const {
  if (!principals.empty() && !principals.match(identity)) return false;
  const auto claim_holds = [&](const ClaimCondition& claim) { return claim.holds(identity.claims); };
  if (!std::all_of(claims.begin(), claims.end(), claim_holds)) return false;
  const auto header_holds = [&](const HeaderCondition& header) { return header.holds(headers_sent); };
  return std::all_of(headers.begin(), headers.end(), header_holds);
}

Decision PathRules::decide(const Identity& identity, const rpc::Metadata& headers) const {
  for (const Rule* rule : deny_) {
    if (rule->matches(identity, headers)) return {false, rule};
  }
  for (const Rule* rule : allow_) {
    if (rule->matches(identity, headers)) return {true, rule};
  }
  return {false, nullptr};
}

PathRules Policy::rules_for(std::string_view path) const {
  PathRules rules;
  const auto gather = [&](const std::vector<Rule>& from, std::vector<const Rule*>& to) {
    for (const Rule& rule : from) {
      if (!rule.is_for(path)) continue;
      to.push_back(&rule);
      if (rule.always_matches()) break;  // none behind it is asked
    }
  };
  gather(deny_, rules.deny_);
  gather(allow_, rules.allow_);
  return rules;
}

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view json) {
  if (json.size() > max_policy_bytes) {
    return Error{"the policy has " + std::to_string(json.size()) + " bytes; expected at most " +
                 std::to_string(max_policy_bytes)};
  }
  auto value = read_value(json);
  if (!value.ok()) return Error{"the policy is not JSON: " + value.error().message};
  return read(value.value());
}

}  // namespace wasm_grpc::access
