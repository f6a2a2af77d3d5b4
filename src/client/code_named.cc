#include "client/code_named.h"

namespace wasm_grpc::client {

std::optional<rpc::StatusCode> code_named(std::string_view wanted) noexcept {
  for (int code = 0; code <= rpc::max_status_code; ++code) {
    if (rpc::name(static_cast<rpc::StatusCode>(code)) == wanted) return static_cast<rpc::StatusCode>(code);
  }
  return std::nullopt;
}

}  // namespace wasm_grpc::client
