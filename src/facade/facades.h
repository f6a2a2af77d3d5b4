// What the facades of a server know.
#pragma once

#include "facade/cors.h"
#include "facade/schemas.h"

namespace wasm_grpc::facade {

/// Made while the server is set up, then shared by its workers and only read.
struct Facades {
  Schemas schemas;
  Cors cors;
};

}  // namespace wasm_grpc::facade
