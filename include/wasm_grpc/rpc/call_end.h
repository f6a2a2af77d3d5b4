// Why a call has ended for its client.
#pragma once

#include <cstdint>

namespace wasm_grpc::rpc {

/// What cancelled() leaves open.
enum class CallEnd : std::uint8_t {
  none,        // it has not ended
  answered,    // its client has the whole answer
  client,      // its client has cancelled it
  deadline,    // its deadline has passed, or what the server allows it
  connection,  // its connection is lost
  stopping,    // the server stops, and did not wait for it any longer
  host,        // the host has refused its request, or what its handler does
};

}  // namespace wasm_grpc::rpc
