// What a registry says an artifact is made of: manifests and indexes of OCI, and those of Docker that are the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/digest.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// Content by its digest.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;  // in bytes
  // Of the entries of an index: what it is for; empty where it does not say.
  std::string architecture;
  std::string os;
  std::map<std::string, std::string> annotations;
};

struct Manifest {
  std::string config_type;
  std::vector<Descriptor> layers;
};

/// Manifests for several platforms.
struct Index {
  std::vector<Descriptor> manifests;
};

using Document = std::variant<Manifest, Index>;

/// Of a document, in bytes, and of what is listed in it.
inline constexpr std::size_t max_document_bytes = std::size_t{1} << 20;
inline constexpr std::size_t max_layers = 128;
inline constexpr std::size_t max_manifests = 1024;

// Media types.
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Of a module as CNCF's "Wasm OCI artifact layout" has it.
inline constexpr std::string_view wasm_config = "application/vnd.wasm.config.v0+json";
inline constexpr std::string_view wasm_layer = "application/wasm";

/// What asks for any of the four above.
[[nodiscard]] std::string accepted_documents();

/// Reads a document. `content_type` is what the registry called it, and may be empty; where the document says what it
/// is itself, both must be the same. The error says what is wrong with it.
[[nodiscard]] Result<Document> read_document(std::string_view text, std::string_view content_type);

/// The manifest of an index that a module would be in: the one for WebAssembly, else the only one.
[[nodiscard]] Result<Descriptor> choose_manifest(const Index& index);

/// The config of a module of one layer, and its manifest: the same for the same module. `is_component`: of the
/// component model, else a core module. `name` is what it is called when it is saved to a folder.
[[nodiscard]] std::string make_config(const Digest& layer, bool is_component);
[[nodiscard]] std::string make_manifest(std::string_view config, const Digest& layer, std::size_t layer_size,
                                        std::string_view name);

}  // namespace wasm_grpc::registry
