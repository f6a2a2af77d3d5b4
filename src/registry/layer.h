// The module in what a registry gives: the layer of an artifact is the module, that of an image an archive with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "registry/manifest.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// The layer of a manifest that a module comes in: the only one, of a type that is known. The error says what is there
/// instead.
[[nodiscard]] Result<Descriptor> module_layer(const Manifest& manifest);

/// The module in the bytes of a layer of that type: they themselves, or the only file named *.wasm of an archive
/// (tar, maybe compressed by gzip). `most` bounds the module, and what the archive is when it is decompressed.
[[nodiscard]] Result<std::string> module_of_layer(std::string bytes, std::string_view media_type, std::size_t most);

}  // namespace wasm_grpc::registry
