// What an instance has for all its calls.
#pragma once

#include <string>

#include "wasm_grpc/guest/buffer.h"

namespace wasm_grpc::guest::detail {

/// What an instance keeps from call to call, so that calls do not allocate.
struct Instance {
  Buffer request;
  Buffer response;
  std::string scratch;
};

}  // namespace wasm_grpc::guest::detail
