// Holds the calls of one worker to the rules.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/audit.h"
#include "access/policy.h"
#include "access/rate_limits.h"
#include "access/token_cache.h"
#include "access/token_verifier.h"
#include "rpc/counter.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::access {

/// What calls are held to. Shared by the gates of all workers; a change is a new one.
struct Rules {
  std::shared_ptr<const Policy> policy = nullptr;         // nullptr: whoever gets here may call all
  std::shared_ptr<const TokenVerifier> tokens = nullptr;  // nullptr: tokens mean nothing
  bool requires_token = false;
  bool forwards_token = false;
  std::shared_ptr<RateLimits> rates = nullptr;  // nullptr: none
};

/// Any thread reads them.
struct GateCounters {
  rpc::Counter denied;              // PERMISSION_DENIED by the policy
  rpc::Counter unauthenticated;     // UNAUTHENTICATED
  rpc::Counter over_rate;           // RESOURCE_EXHAUSTED
  rpc::Counter signatures_checked;  // of tokens
};

/// Belongs to its worker's thread. A call is asked about, in this order: limits by address and header, its token, the
/// policy, limits by identity.
class CallGate final : public rpc::Gate {
 public:
  explicit CallGate(AuditLog& log);
  CallGate(const CallGate&) = delete;
  CallGate& operator=(const CallGate&) = delete;

  /// From now on these hold.
  void use(std::shared_ptr<const Rules> rules);

  [[nodiscard]] std::optional<rpc::Refusal> refuse(rpc::Request& request, const rpc::Target& target) override;

  [[nodiscard]] const GateCounters& counters() const noexcept { return counters_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  [[nodiscard]] std::optional<rpc::Refusal> take_token(rpc::Request& request, Identity& identity);
  [[nodiscard]] std::optional<rpc::Refusal> check_token(std::string_view text, rpc::Request& request,
                                                        Identity& identity);
  [[nodiscard]] rpc::Refusal bad_token(TokenFault fault);
  void drop_token(rpc::Metadata& metadata);
  [[nodiscard]] std::optional<rpc::Refusal> ask_policy(const rpc::Request& request, const rpc::Target& target,
                                                       const Identity& identity);
  [[nodiscard]] Decision decide(const rpc::Request& request, const rpc::Target& target, const Identity& identity);
  [[nodiscard]] const PathRules& rules_for(std::string_view method);
  void audit(const Decision& decision, const rpc::Request& request, const rpc::Target& target,
             const Identity& identity) const;
  [[nodiscard]] std::optional<rpc::Refusal> take_rate(RateLimits::When when, const rpc::Request& request,
                                                      const rpc::Target& target, const Identity& identity);
  [[nodiscard]] rpc::Refusal over_rate(std::chrono::milliseconds wait);

  AuditLog& log_;
  std::shared_ptr<const Rules> rules_;
  std::unordered_map<std::string, PathRules, Hash, std::equal_to<>> by_method_;
  TokenCache cache_;
  RateTable bad_signatures_;  // of hosts
  rpc::Metadata scratch_;     // keeps its storage
  GateCounters counters_;
};

}  // namespace wasm_grpc::access
