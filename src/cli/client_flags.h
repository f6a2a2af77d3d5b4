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
  bool reflection = false;
  std::vector<std::string> headers;
  std::int64_t max_time_ms = 0;
  std::string protocol = "grpc";

  void add_to(CLI::App& command);
  /// Also begins to count the time that the command may take.
  [[nodiscard]] Result<std::unique_ptr<client::Channel>> connect() const;
  /// What describes the symbol: the .proto files given, and, where there are none or both are wanted, the server's
  /// reflection.
  [[nodiscard]] Result<client::Files> describe(client::Channel& channel, const std::string& symbol) const;
  /// What -H says.
  [[nodiscard]] Result<client::Metadata> metadata() const;
};

}  // namespace wasm_grpc::cli
