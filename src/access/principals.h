// Who a rule is for.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "access/claims.h"
#include "access/pattern.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::access {

/// What is known of who calls. Lives as long as the call is judged.
struct Identity {
  std::span<const TlsName> names;  // of its verified certificate
  bool is_encrypted = false;       // it speaks TLS
  const Claims* claims = nullptr;  // of its token; nullptr: it showed none
};

/// A set of principals:
///
/// "dns:NAME", "uri:NAME", "cn:NAME", "email:NAME", "ip:NAME"  a name of the client's certificate, of that kind
/// "sub:NAME"     the subject of its token
/// "NAME"         as gRFC A43 has it: a URI or a DNS name of the certificate. Never a common name
/// "*"            any name of a certificate
/// ""             TLS without a certificate
///
/// NAME may be a Pattern. DNS names are the same in upper and lower case.
class Principals {
 public:
  /// Adds one. The error says what was expected.
  [[nodiscard]] Result<> add(std::string_view principal);

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool match(const Identity& identity) const;

 private:
  static constexpr std::size_t kinds = 5;  // of TlsNameKind

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  /// The names of one kind.
  struct Names {
    std::unordered_set<std::string, Hash, std::equal_to<>> exact;
    std::vector<Pattern> others;
    [[nodiscard]] bool match(std::string_view name) const;
    void add(Pattern&& pattern);
  };

  [[nodiscard]] bool match(const TlsName& name) const;

  std::array<Names, kinds> names_;  // by TlsNameKind
  Names subjects_;
  bool any_name_ = false;
  bool no_certificate_ = false;
  std::size_t count_ = 0;
};

}  // namespace wasm_grpc::access
