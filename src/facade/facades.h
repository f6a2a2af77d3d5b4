// What the facades of a server know.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "facade/cors.h"
#include "facade/rest/routes.h"
#include "facade/schemas.h"
#include "json/types.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::facade {

/// Filled, then shared by the workers of a server and only read. Needs nothing of the descriptors it was made from.
struct Facades {
  Schemas schemas;
  rest::Routes routes;
  Cors cors;

  /// Notes those methods of a module, by their paths, that are described in these files. Fails, with nothing noted,
  /// where a rule of theirs makes no sense or is that of another method too. `types` are those of the files, where they
  /// were made before: it takes time.
  [[nodiscard]] Result<> add(std::string_view module, std::span<const google::protobuf::FileDescriptor* const> files,
                             std::span<const std::string> paths, std::shared_ptr<const json::Types> types = nullptr);
};

}  // namespace wasm_grpc::facade
