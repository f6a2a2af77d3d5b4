// What an instance has for all its calls.
#pragma once

#include <string>

#include "wasm_grpc/guest/buffer.h"

namespace wasm_grpc::guest::detail {

class AsyncLoop;

/// What an instance keeps from call to call, so that calls do not allocate.
struct Instance {
  Buffer request;
  Buffer response;
  Buffer of_calls_made;  // messages of calls that it makes, either way
  std::string scratch;
  AsyncLoop* loop = nullptr;  // that of its coroutines, as long as that lives
};

}  // namespace wasm_grpc::guest::detail
