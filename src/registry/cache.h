// What was fetched from registries, kept on the disk: a start without the registry is possible, and what is named by a
// digest is fetched once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "registry/digest.h"
#include "registry/reference.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// A folder:
///
///   blobs/HEX, manifests/HEX   content by its SHA-256, which is checked whenever it is read
///   tags/HEX                   the digest that a tag had, by the SHA-256 of the reference
///   signatures/HEX             signatures of a manifest, by its digest; who reads them verifies them
///
/// Several processes may have the same one. Any thread may use it. What cannot be read is as if it were not there.
class Cache {
 public:
  /// Makes the folders where they are not there, for this user only. Those to which others may write are refused.
  [[nodiscard]] static Result<Cache> open(const std::string& folder, std::size_t most_bytes);

  [[nodiscard]] std::optional<std::string> blob(const Digest& digest, std::size_t most) const;
  [[nodiscard]] std::optional<std::string> manifest(const Digest& digest) const;
  [[nodiscard]] std::optional<std::string> signatures(const Digest& digest) const;
  [[nodiscard]] std::optional<Digest> tag(const Reference& reference) const;

  // Of these the error says why it cannot be kept, such as a full disk.

  /// Others that were not used for longest go where it is too much.
  [[nodiscard]] Result<> put_blob(const Digest& digest, std::string_view content) const;
  [[nodiscard]] Result<> put_manifest(const Digest& digest, std::string_view content) const;
  [[nodiscard]] Result<> put_signatures(const Digest& digest, std::string_view content) const;
  [[nodiscard]] Result<> put_tag(const Reference& reference, const Digest& digest) const;

 private:
  Cache(std::string folder, std::size_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {}
  [[nodiscard]] std::string path(std::string_view kind, const std::string& name) const;
  void make_room(const Digest& kept) const;

  std::string folder_;
  std::size_t most_bytes_;
};

/// Where a cache is where nobody says: registry/ in $CACHE_DIRECTORY, as systemd has it, else wasm-grpc/registry/ in
/// $XDG_CACHE_HOME or ~/.cache; empty where there is none of them.
[[nodiscard]] std::string usual_cache_folder();

}  // namespace wasm_grpc::registry
