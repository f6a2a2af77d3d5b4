// What a client asks for in one call.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "wasm_grpc/rpc/call_end.h"
#include "wasm_grpc/rpc/client.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/token.h"
#include "wasm_grpc/rpc/trace.h"
#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::rpc {

using Clock = std::chrono::steady_clock;

/// Of a request what is no storage: it becomes as new by one assignment.
struct RequestFacts {
  static constexpr Clock::time_point no_deadline = Clock::time_point::max();

  const Method* method = nullptr;
  /// Differs from that of every other call of the process; 0 where its transport does not number calls.
  std::uint64_t number = 0;
  /// Where it comes from; nullptr where that is not known. The transport keeps it alive.
  const Client* client = nullptr;
  Clock::time_point deadline = no_deadline;
  Encoding encoding = Encoding::identity;  // grpc-encoding
  EncodingSet accepted_encodings;          // grpc-accept-encoding
  /// How the message that was read last came over the wire.
  std::optional<Encoding> message_encoding;
  /// Who the client is was said by a proxy, in `forwarded_tls_names`; the connection is the proxy's.
  bool has_forwarded_tls_names = false;
  /// The client has sent its last message.
  bool half_closed = false;
  /// Why the call is cancelled.
  CallEnd end = CallEnd::none;
  /// When it was given to its handler; only where a CallObserver wants to know.
  Clock::time_point began{};
};

/// All of a request but its messages. A call that is served on another thread takes it along whole.
struct Request : RequestFacts {
  Metadata metadata;
  std::string authority;
  /// Of gRPC: what comes after "application/grpc+" in the content-type, in lower case, and says the format of the
  /// messages, such as "json". Empty for protobuf, which is nothing, or "proto".
  std::string content_subtype;
  TlsNames forwarded_tls_names;
  /// That the client has shown, and that was verified; nullptr: none.
  std::shared_ptr<const Token> token;
  /// Of an HTTP exchange.
  std::string http_method;
  std::string http_target;
  /// Of a call that is traced and sampled; else nullptr.
  std::shared_ptr<CallSpan> span;

  /// Makes it as new, keeping its storage.
  void reset() noexcept;
};

}  // namespace wasm_grpc::rpc
