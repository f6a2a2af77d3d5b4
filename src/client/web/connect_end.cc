#include "client/web/connect_end.h"

#include <google/rpc/status.pb.h>

#include <nlohmann/json.hpp>
#include <string>

#include "client/code_named.h"
#include "rpc/base64.h"

namespace wasm_grpc::client {

namespace {

using Json = nlohmann::json;

/// "invalid_argument" (connectrpc.com/docs/protocol, "Error codes").
std::optional<rpc::StatusCode> code_of(const std::string& name) {
  if (name == "canceled") return rpc::StatusCode::cancelled;
  std::string upper;
  for (const char c : name) upper.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return code_named(upper);
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<rpc::Status> read_error(const Json& error, rpc::Metadata& trailers) {
  if (!error.is_object()) return std::nullopt;
  rpc::Status status{code_of(text_of(error, "code")).value_or(rpc::StatusCode::unknown), text_of(error, "message")};
  if (status.ok()) status.code = rpc::StatusCode::unknown;
  const auto details = error.find("details");
  if (details == error.end() || !details->is_array() || details->empty()) return status;
  google::rpc::Status rich;
  rich.set_code(static_cast<int>(status.code));
  rich.set_message(status.message);
  for (const Json& detail : *details) {
    if (!detail.is_object()) continue;
    std::string value;
    if (!rpc::base64_decode(text_of(detail, "value"), value)) continue;
    auto& any = *rich.add_details();
    any.set_type_url("type.googleapis.com/" + text_of(detail, "type"));
    any.set_value(std::move(value));
  }
  trailers.add("grpc-status-details-bin", rich.SerializeAsString());
  return status;
}

void read_metadata(const Json& metadata, rpc::Metadata& trailers) {
  if (!metadata.is_object()) return;
  for (const auto& [key, values] : metadata.items()) {
    if (!values.is_array() || !rpc::is_valid_key(key)) continue;
    for (const Json& value : values) {
      if (!value.is_string()) continue;
      const auto text = value.get<std::string>();
      std::string raw;
      if (!rpc::is_binary_key(key)) {
        trailers.add(key, text);
      } else if (rpc::base64_decode(text, raw)) {
        trailers.add(key, raw);
      }
    }
  }
}

}  // namespace

std::optional<rpc::Status> read_connect_error(std::string_view json, rpc::Metadata& trailers) {
  return read_error(Json::parse(json, nullptr, false), trailers);
}

std::optional<rpc::Status> read_connect_end(std::string_view json, rpc::Metadata& trailers) {
  const Json end = Json::parse(json, nullptr, false);
  if (!end.is_object()) return std::nullopt;
  if (const auto metadata = end.find("metadata"); metadata != end.end()) read_metadata(*metadata, trailers);
  const auto error = end.find("error");
  if (error == end.end() || error->is_null()) return rpc::Status{};
  return read_error(*error, trailers);
}

}  // namespace wasm_grpc::client
