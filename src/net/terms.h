// What holds for the clients of a listener.
#pragma once

#include <memory>

#include "net/tls/context.h"
#include "wasm_grpc/connection_options.h"

namespace wasm_grpc::net {

/// Immutable: shared by the listener, the connections that were accepted under them, and so by threads. A listener that
/// is given others accepts under those from then on; connections keep theirs.
struct Terms {
  ConnectionOptions settings;
  std::shared_ptr<TlsContext> tls = nullptr;  // nullptr: no TLS
};

}  // namespace wasm_grpc::net
