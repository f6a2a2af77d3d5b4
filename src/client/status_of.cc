#include "client/status_of.h"

#include <nghttp2/nghttp2.h>

#include <charconv>
#include <utility>

namespace wasm_grpc::client {

rpc::StatusCode code_of_grpc(std::string_view status) noexcept {
  int code = -1;
  const auto read = std::from_chars(status.data(), status.data() + status.size(), code);
  const bool is_number = read.ec == std::errc() && read.ptr == status.data() + status.size();
  const bool is_known = is_number && code >= 0 && code <= rpc::max_status_code;
  return is_known ? static_cast<rpc::StatusCode>(code) : rpc::StatusCode::unknown;
}

rpc::StatusCode code_of_http(std::string_view status) noexcept {
  if (status == "400") return rpc::StatusCode::internal;
  if (status == "401") return rpc::StatusCode::unauthenticated;
  if (status == "403") return rpc::StatusCode::permission_denied;
  if (status == "404") return rpc::StatusCode::unimplemented;
  if (status == "429" || status == "502" || status == "503" || status == "504") return rpc::StatusCode::unavailable;
  return rpc::StatusCode::unknown;
}

rpc::StatusCode code_of_reset(std::uint32_t code) noexcept {
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      return rpc::StatusCode::unavailable;
    case NGHTTP2_CANCEL:
      return rpc::StatusCode::cancelled;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return rpc::StatusCode::resource_exhausted;
    case NGHTTP2_INADEQUATE_SECURITY:
      return rpc::StatusCode::permission_denied;
    default:
      return rpc::StatusCode::internal;
  }
}

rpc::Status told_at(rpc::Clock::time_point deadline, rpc::Status status) {
  if (status.code != rpc::StatusCode::cancelled || rpc::Clock::now() < deadline) return status;
  return {rpc::StatusCode::deadline_exceeded, "the deadline has passed"};
}

}  // namespace wasm_grpc::client
