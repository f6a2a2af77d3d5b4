// What describes the services that every server has.
#pragma once

#include <memory>

#include "services/described_files.h"

namespace wasm_grpc::services {

/// The files of grpc.reflection.v1, grpc.reflection.v1alpha and grpc.health.v1.
[[nodiscard]] std::shared_ptr<const DescribedFiles> builtin_files();

}  // namespace wasm_grpc::services
