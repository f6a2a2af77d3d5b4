#include "rpc/http_status.h"

namespace wasm_grpc::rpc {

std::uint16_t http_status_of(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::ok:
      return 200;
    case StatusCode::cancelled:
      return 499;
    case StatusCode::invalid_argument:
    case StatusCode::failed_precondition:
    case StatusCode::out_of_range:
      return 400;
    case StatusCode::unauthenticated:
      return 401;
    case StatusCode::permission_denied:
      return 403;
    case StatusCode::not_found:
      return 404;
    case StatusCode::already_exists:
    case StatusCode::aborted:
      return 409;
    case StatusCode::resource_exhausted:
      return 429;
    case StatusCode::unimplemented:
      return 501;
    case StatusCode::unavailable:
      return 503;
    case StatusCode::deadline_exceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace wasm_grpc::rpc
