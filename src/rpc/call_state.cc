// Request and Response as new: by assigning a new one, so that no field is forgotten, with the old one's storage.
#include <utility>

#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/response.h"

namespace wasm_grpc::rpc {

void Request::reset() noexcept {
  Request used = std::exchange(*this, {});
  metadata = std::move(used.metadata);
  authority = std::move(used.authority);
  http_method = std::move(used.http_method);
  http_target = std::move(used.http_target);
  metadata.clear();
  authority.clear();
  http_method.clear();
  http_target.clear();
}

void Response::reset() noexcept {
  Response used = std::exchange(*this, {});
  headers = std::move(used.headers);
  trailers = std::move(used.trailers);
  status.message = std::move(used.status.message);
  headers.clear();
  trailers.clear();
  status.message.clear();
}

}  // namespace wasm_grpc::rpc
