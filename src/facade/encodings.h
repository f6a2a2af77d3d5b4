// How a client says in HTTP's way which compression it uses and takes.
#pragma once

#include <string_view>

#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::facade {

/// Sets `encoding` to the one of that name; UNIMPLEMENTED, and it stays, where this host does not know it.
[[nodiscard]] rpc::Status read_encoding(std::string_view name, rpc::Encoding& encoding);

/// Those of all fields of that name, which are lists.
[[nodiscard]] rpc::EncodingSet accepted_encodings(const rpc::Metadata& fields, std::string_view name);

}  // namespace wasm_grpc::facade
