// Who may call what: gRPC's authorization policy (gRFC A43, with the audit of A59).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/pattern.h"
#include "access/principals.h"
#include "access/value.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::access {

/// Which decisions are logged.
enum class Audit : std::uint8_t { none, on_deny, on_allow, on_deny_and_allow };

/// A header of a request, and what one of its values must be. Several fields of one name are one, with commas between.
struct HeaderCondition {
  std::string key;
  std::vector<Pattern> values;
  [[nodiscard]] bool holds(const rpc::Metadata& headers) const;
};

/// A claim of a token, by the keys that lead to it, and what one of its values must be: of an array each element is
/// one, of `scope` each word (RFC 8693, 4.2). Numbers and booleans are as they are written.
struct ClaimCondition {
  std::vector<std::string> path;
  std::vector<Pattern> values;
  [[nodiscard]] bool holds(const Claims* claims) const;
};

/// One rule. What is empty is no condition; all that is not must hold.
struct Rule {
  std::string name;
  Principals principals;
  std::vector<ClaimCondition> claims;
  std::vector<Pattern> paths;  // one must match
  std::vector<HeaderCondition> headers;

  [[nodiscard]] bool is_for(std::string_view path) const noexcept;
  /// But for the path.
  [[nodiscard]] bool matches(const Identity& identity, const rpc::Metadata& headers) const;
  [[nodiscard]] bool always_matches() const noexcept { return principals.empty() && claims.empty() && headers.empty(); }
};

/// What a policy says of a call. `rule` is the one that decided; nullptr where none allowed it. It lives as long as the
/// policy.
struct Decision {
  bool is_allowed = false;
  const Rule* rule = nullptr;
};

/// The rules of a policy that can matter for a path. Refers to the policy, which must live as long.
class PathRules {
 public:
  [[nodiscard]] Decision decide(const Identity& identity, const rpc::Metadata& headers) const;

 private:
  friend class Policy;
  std::vector<const Rule*> deny_;
  std::vector<const Rule*> allow_;
};

/// A policy, ready to be asked by any thread. Never changed once read, nor moved: rules are referred to.
class Policy {
 public:
  /// Reads it: JSON as in gRFC A43, or the same from elsewhere. Whatever it does not know is an error, since an
  /// unknown condition that is passed over would let in whom it keeps out; so are lists that are empty, which could
  /// mean anybody or nobody. Errors name the rule and the key.
  [[nodiscard]] static Result<std::shared_ptr<const Policy>> parse(std::string_view json);
  [[nodiscard]] static Result<std::shared_ptr<const Policy>> read(const Value& value);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Audit audit() const noexcept { return audit_; }
  /// True when some rule looks at tokens: without them it could not be met.
  [[nodiscard]] bool asks_for_tokens() const noexcept { return asks_for_tokens_; }
  [[nodiscard]] PathRules rules_for(std::string_view path) const;

 private:
  friend class PolicyReader;
  Policy() = default;

  std::string name_;
  Audit audit_ = Audit::none;
  bool asks_for_tokens_ = false;
  std::vector<Rule> deny_;
  std::vector<Rule> allow_;
};

/// Of the text of a policy.
inline constexpr std::size_t max_policy_bytes = std::size_t{1} << 20;
/// Deny and allow rules, each.
inline constexpr std::size_t max_rules = 1000;

}  // namespace wasm_grpc::access
