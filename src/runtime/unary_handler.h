// A native unary method from a plain function.
#pragma once

#include <utility>
#include <vector>

#include "rpc/request_handler.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

/// Runs the function inline and answers with what it returns. An exception becomes INTERNAL.
class UnaryHandler final : public rpc::RequestHandler {
 public:
  explicit UnaryHandler(UnaryFunction function) : function_(std::move(function)) {}

 private:
  void serve(rpc::Call& call) noexcept override;

  UnaryFunction function_;
  std::vector<std::byte> response_;  // reused from call to call
};

}  // namespace wasm_grpc::runtime
