#include "runtime/unary_handler.h"

namespace wasm_grpc::runtime {

void UnaryHandler::serve(rpc::Call& call) noexcept {
  rpc::Status status;
  response_.clear();
  try {
    const auto request = call.message();
    if (!request) return;  // it could not be decompressed, and the client has been told
    status = function_(call, *request, response_);
    call.pop_message();
    if (status.ok() && call.send(response_) != rpc::SendResult::ok) return;  // nobody is there any more
  } catch (...) {
    status = {rpc::StatusCode::internal, "the handler failed"};
  }
  call.finish(std::move(status));
}

}  // namespace wasm_grpc::runtime
