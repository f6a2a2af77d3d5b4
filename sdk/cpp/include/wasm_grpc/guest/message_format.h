// Which format the messages of a call have, for handlers that know one.
#pragma once

#include <cstdint>
#include <string>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest::detail {

/// Whether the client says that its messages are protobuf; also on a host that does not tell.
[[nodiscard]] inline bool speaks_protobuf(std::int32_t call) {
  return abi::wasm_grpc_1_info(call, abi::content_subtype, nullptr, 0) < 0;
}

[[nodiscard]] inline Status only_protobuf() {
  return Status::unimplemented("this method takes messages of protobuf, which the client's content-type is not for");
}

}  // namespace wasm_grpc::guest::detail
