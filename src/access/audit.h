// What is told of decisions.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::access {

/// One decision (gRFC A59). The texts live as long as the call of AuditLog::note().
struct AuditEvent {
  std::string_view path;
  std::string_view peer;
  std::string_view principal;  // "uri:NAME", ...; empty where the client showed no identity
  std::string_view policy;
  std::string_view rule;  // that decided; empty where none matched
  bool is_allowed = false;
};

/// Takes those that the policy wants to be told. Clients decide how many there are.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual void note(const AuditEvent& event) noexcept = 0;
};

}  // namespace wasm_grpc::access
