// What the facades of a server know.
#pragma once

#include <google/protobuf/descriptor.h>

#include <span>
#include <string>
#include <vector>

#include "facade/cors.h"
#include "facade/rest/routes.h"
#include "facade/schemas.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::facade {

/// Made while the server is set up, then shared by its workers and only read.
struct Facades {
  Schemas schemas;
  rest::Routes routes;
  Cors cors;

  /// Notes those methods of a module, by their paths, that are described in these files, which live as long. Fails,
  /// with nothing noted, where a rule of theirs makes no sense or is that of another method too.
  [[nodiscard]] Result<> add(std::string_view module, std::span<const google::protobuf::FileDescriptor* const> files,
                             std::span<const std::string> paths);
};

}  // namespace wasm_grpc::facade
