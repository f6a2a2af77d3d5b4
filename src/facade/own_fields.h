// Header fields that belong to a protocol, and are not metadata.
#pragma once

#include <span>
#include <string_view>

#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::facade {

/// Takes the fields of those names out of `fields`.
void drop_fields(std::span<const std::string_view> names, rpc::Metadata& fields);

/// Adds the metadata that a handler gave, keys behind `prefix`, binary values in base64. What says how the answer is
/// framed, or which pages may read it, is the host's to say: such keys are left out.
void add_metadata(const rpc::Metadata& metadata, std::string_view prefix, rpc::Metadata& fields);

}  // namespace wasm_grpc::facade
