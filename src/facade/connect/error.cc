#include "facade/connect/error.h"

#include <array>
#include <nlohmann/json.hpp>

#include "facade/status_details.h"
#include "rpc/base64.h"

namespace wasm_grpc::facade::connect {

namespace {

struct Code {
  std::string_view name;
  int http_status;
};

// By number (connectrpc.com/docs/protocol, "Error codes").
constexpr std::array<Code, rpc::max_status_code + 1> codes = {{{"ok", 200},
                                                               {"canceled", 499},
                                                               {"unknown", 500},
                                                               {"invalid_argument", 400},
                                                               {"deadline_exceeded", 504},
                                                               {"not_found", 404},
                                                               {"already_exists", 409},
                                                               {"permission_denied", 403},
                                                               {"resource_exhausted", 429},
                                                               {"failed_precondition", 400},
                                                               {"aborted", 409},
                                                               {"out_of_range", 400},
                                                               {"unimplemented", 501},
                                                               {"internal", 500},
                                                               {"unavailable", 503},
                                                               {"data_loss", 500},
                                                               {"unauthenticated", 401}}};

const Code& code_of(rpc::StatusCode code) noexcept { return codes[static_cast<std::size_t>(code) % codes.size()]; }

}  // namespace

std::string_view name(rpc::StatusCode code) noexcept { return code_of(code).name; }

int http_status(rpc::StatusCode code) noexcept { return code_of(code).http_status; }

nlohmann::ordered_json error(const rpc::Response& response) {
  nlohmann::ordered_json json;
  json["code"] = connect::name(response.status.code);
  if (!response.status.message.empty()) json["message"] = response.status.message;
  for (const StatusDetail& detail : status_details(response)) {
    std::string value;
    rpc::base64_encode(detail.value, value);
    json["details"].push_back({{"type", detail.type}, {"value", std::move(value)}});
  }
  return json;
}

std::string text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace wasm_grpc::facade::connect
