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

/// The names of a server's services, by reflection.
[[nodiscard]] Result<std::vector<std::string>> list_services(Channel& channel);
/// The files that describe "package.Service", by reflection, with all they import.
[[nodiscard]] Result<Files> describe_by_reflection(Channel& channel, const std::string& service);
/// The .proto files of these names, looked for in the folders given, and in the one of each file.
[[nodiscard]] Result<Files> describe_by_protos(const std::vector<std::string>& protos,
                                               const std::vector<std::string>& folders);

}  // namespace wasm_grpc::client
