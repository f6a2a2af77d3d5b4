// The list in which a guest of wazero-grpc-server names its services.
#pragma once

#include <string_view>
#include <vector>

#include "abi/abi.h"

namespace wasm_grpc::abi::pantopic {

/// Reads "/pkg.Service/u.Method,c.Method/Other/s.Method,b.Method": after each service, its methods with a letter for
/// their kind (u: unary, c: client streaming, s: server streaming, b: bidirectional). The tag of a method is its place
/// in the list. The error says what is wrong with it.
[[nodiscard]] Result<std::vector<DeclaredMethod>> parse_services(std::string_view list);

}  // namespace wasm_grpc::abi::pantopic
