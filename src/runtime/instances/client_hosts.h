// The hosts that clients come from, so that one with many connections is one.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "wasm_grpc/rpc/client.h"

namespace wasm_grpc::runtime {

/// Those of one worker; used on its thread.
class ClientHosts {
 public:
  /// Sees to it that the client's host is counted (ClientUse::host). Does nothing when it is already.
  void enter(const rpc::Client& client);

 private:
  std::unordered_map<std::uint64_t, std::weak_ptr<rpc::ClientUse>> hosts_;
  std::size_t purge_at_ = 64;
};

}  // namespace wasm_grpc::runtime
