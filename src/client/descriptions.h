// What the services of a server are: by its reflection, or by .proto files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/channel.h"
#include "services/described_files.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

using Files = std::shared_ptr<const services::DescribedFiles>;
using services::kind_of;

/// The names of a server's services, by reflection; `metadata` goes with the question, for servers that ask who does.
[[nodiscard]] Result<std::vector<std::string>> list_services(Channel& channel, const Metadata& metadata);
/// The files that describe a symbol ("package.Service", a message, ...), by reflection, with all they import and the
/// extensions of their messages that the server knows.
[[nodiscard]] Result<Files> describe_by_reflection(Channel& channel, const std::string& symbol,
                                                   const Metadata& metadata);
/// .proto files, and what they import.
struct ProtoFiles {
  struct Source {
    std::string name;  // as it is imported
    std::string path;  // where it was found
  };
  Files files;
  std::vector<std::string> named;  // those that were asked for, by their names as imports
  std::vector<Source> sources;     // without those that come with protobuf
};
/// The .proto files of these names, looked for in the folders given, and in the one of each file.
[[nodiscard]] Result<ProtoFiles> read_protos(const std::vector<std::string>& protos,
                                             const std::vector<std::string>& folders);
/// What they say of services and messages.
[[nodiscard]] Result<Files> describe_by_protos(const std::vector<std::string>& protos,
                                               const std::vector<std::string>& folders);
/// Both: where a file is in both, as in `first`.
[[nodiscard]] Result<Files> merged(const Files& first, const Files& second);

}  // namespace wasm_grpc::client
