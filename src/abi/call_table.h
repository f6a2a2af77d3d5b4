// The calls of an instance, by the numbers the guest knows them by.
#pragma once

#include <cstdint>

#include "rpc/number_table.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::abi {

class EventCallHost;

/// A call that is served in event style.
struct ServedCall {
  std::int32_t id = 0;
  rpc::Call* call = nullptr;
  EventCallHost* host = nullptr;
};
using CallTable = rpc::NumberTable<ServedCall>;

}  // namespace wasm_grpc::abi
