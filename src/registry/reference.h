// The name of a module in a registry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/digest.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// "oci://HOST[:PORT]/NAME[:TAG][@sha256:...]", by the grammar of the OCI distribution specification.
struct Reference {
  std::string registry;    // HOST[:PORT], in lower case
  std::string repository;  // NAME: words in lower case, and slashes
  std::string tag;         // "latest" where neither was said; empty where only a digest was
  /// What it must be, whatever the tag says.
  std::optional<Digest> digest;

  /// Reads one; without "oci://" too. The error says what was expected, with the text in quotes.
  [[nodiscard]] static Result<Reference> parse(std::string_view text);
  /// With "oci://".
  [[nodiscard]] std::string text() const;
  /// The last word of the name, by which logs and metrics call the module.
  [[nodiscard]] std::string module_name() const;
};

/// True where a module's path is a name in a registry.
[[nodiscard]] constexpr bool is_reference(std::string_view path) noexcept { return path.starts_with("oci://"); }

/// What is wrong with a module's path where it is to be a reference; nothing is with a file's.
[[nodiscard]] Result<> check_path(std::string_view path);

}  // namespace wasm_grpc::registry
