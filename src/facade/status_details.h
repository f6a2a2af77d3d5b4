// A google.rpc.Status, in which handlers give details of an error (the trailer grpc-status-details-bin).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/rpc/response.h"

namespace wasm_grpc::facade {

/// One google.protobuf.Any of it.
struct StatusDetail {
  std::string type;   // "google.rpc.RetryInfo"
  std::string value;  // serialized
};

/// The details of a response; none where it has none, or they are no google.rpc.Status.
[[nodiscard]] std::vector<StatusDetail> status_details(const rpc::Response& response);

}  // namespace wasm_grpc::facade
