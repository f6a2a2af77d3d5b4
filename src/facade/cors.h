// Which web pages may call the server (the Fetch standard, "CORS protocol"). Browsers ask for it; nobody else does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::facade {

/// Origins whose pages may call. Immutable. Credentials (cookies) are never allowed.
class Cors {
 public:
  /// Nobody may.
  Cors() = default;
  /// Each is an origin such as "https://app.example.com" or "http://localhost:8080"; one with a wildcard for its first
  /// label, "https://*.example.com"; or "*" for all.
  [[nodiscard]] static Result<Cors> parse(std::span<const std::string> origins);

  /// False where nobody is allowed: then nothing is said about origins at all.
  [[nodiscard]] bool is_on() const noexcept { return all_ || !origins_.empty(); }
  [[nodiscard]] bool allows(std::string_view origin) const noexcept;

  /// Adds what tells a browser that the page may read the answer to `origin`, which is allowed: the names of `exposed`
  /// fields too.
  void add_fields(std::string_view origin, const rpc::Metadata& exposed, rpc::Metadata& fields) const;
  /// The same for the answer to a preflight request, by its fields.
  void add_preflight_fields(std::string_view origin, const rpc::Metadata& asked, rpc::Metadata& fields) const;

 private:
  struct Origin {
    std::string start;  // "https://", up to the wildcard, or the whole
    std::string rest;   // ".example.com"
    bool wildcard = false;
  };
  void add_origin(std::string_view origin, rpc::Metadata& fields) const;

  std::vector<Origin> origins_;
  bool all_ = false;
};

/// True for a request that asks, before a browser's page makes another one, whether it may.
[[nodiscard]] bool is_preflight(std::string_view http_method, const rpc::Metadata& fields) noexcept;

}  // namespace wasm_grpc::facade
