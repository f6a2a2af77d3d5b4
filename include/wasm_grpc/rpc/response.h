// What a handler answers to one call.
#pragma once

#include <cstdint>

#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {

/// Of a response what is no storage: it becomes as new by one assignment.
struct ResponseFacts {
  Encoding encoding = Encoding::identity;  // what the headers are to announce
  std::uint16_t http_status = 200;
  std::uint64_t sent_messages = 0;
  bool compressing = false;     // the messages sent from now on
  bool headers_wanted = false;  // send_headers(), send() or finish() was called
  bool finished = false;        // it has its status
  bool broken_off = false;      // an HTTP exchange has failed after its headers
};

/// All of a response but its messages. A call that is served on another thread has it there, and brings it back.
struct Response : ResponseFacts {
  Metadata headers;
  Metadata trailers;
  Status status;

  /// Makes it as new, keeping its storage.
  void reset() noexcept;
};

}  // namespace wasm_grpc::rpc
