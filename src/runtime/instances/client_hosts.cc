#include "runtime/instances/client_hosts.h"

#include <algorithm>

namespace wasm_grpc::runtime {

void ClientHosts::enter(const rpc::Client& client) {
  if (client.use.host != nullptr) return;
  std::weak_ptr<rpc::ClientUse>& known = hosts_[client.host];
  client.use.host = known.lock();
  if (client.use.host == nullptr) {
    client.use.host = std::make_shared<rpc::ClientUse>();
    known = client.use.host;
  }
  if (hosts_.size() < purge_at_) return;
  std::erase_if(hosts_, [](const auto& entry) { return entry.second.expired(); });
  purge_at_ = std::max<std::size_t>(64, 2 * hosts_.size());
}

}  // namespace wasm_grpc::runtime
