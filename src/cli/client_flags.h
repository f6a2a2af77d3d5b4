// The flags of the commands that are clients.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/channel.h"
#include "client/descriptions.h"

namespace CLI {
class App;
}

namespace wasm_grpc::cli {

struct ClientFlags {
  client::ChannelOptions channel;
  std::int64_t connect_timeout_ms = client::ChannelOptions{}.connect_timeout.count();
  std::vector<std::string> protos;
  std::vector<std::string> folders;

  void add_to(CLI::App& command);
  [[nodiscard]] Result<std::unique_ptr<client::Channel>> connect() const;
  /// What describes the service: the .proto files given, else the server's reflection.
  [[nodiscard]] Result<client::Files> describe(client::Channel& channel, const std::string& service) const;
};

}  // namespace wasm_grpc::cli
