// Request and Response as new, with the storage they had.
#include "wasm_grpc/rpc/request.h"
#include "wasm_grpc/rpc/response.h"

namespace wasm_grpc::rpc {

void Request::reset() noexcept {
  static_cast<RequestFacts&>(*this) = {};
  metadata.clear();
  authority.clear();
  content_subtype.clear();
  forwarded_tls_names.clear();
  token.reset();
  http_method.clear();
  http_target.clear();
  span.reset();
}

void Response::reset() noexcept {
  static_cast<ResponseFacts&>(*this) = {};
  headers.clear();
  trailers.clear();
  status.code = StatusCode::ok;
  status.message.clear();
}

}  // namespace wasm_grpc::rpc
