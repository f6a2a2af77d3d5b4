#include "facade/connect/streaming.h"

#include <nlohmann/json.hpp>

#include "facade/connect/error.h"
#include "facade/frames.h"
#include "facade/own_fields.h"

namespace wasm_grpc::facade::connect {

namespace {

constexpr std::byte end_flag{2};

}  // namespace

rpc::Status StreamingExchange::take(std::span<const std::byte> body, std::vector<std::byte>& frames) {
  if (json_) return json_->take(body, frames);
  frames.insert(frames.end(), body.begin(), body.end());  // the call looks at the flags
  return {};
}

rpc::Status StreamingExchange::end(std::vector<std::byte>& /*frames*/) { return json_ ? json_->end() : rpc::Status(); }

int StreamingExchange::head(const rpc::Response& response, rpc::Metadata& fields) {
  fields.add("content-type", content_type_);
  const rpc::Encoding encoding = json_ ? (gzip_ ? rpc::Encoding::gzip : rpc::Encoding::identity) : response.encoding;
  if (encoding != rpc::Encoding::identity) fields.add("connect-content-encoding", rpc::name(encoding));
  fields.add("connect-accept-encoding", rpc::known_encodings);
  add_metadata(response.headers, {}, fields);
  return 200;
}

rpc::Status StreamingExchange::translate(std::span<const std::byte> frames, std::string& body) {
  return json_->translate(frames, body);
}

void StreamingExchange::finish(const rpc::Response& response, std::string& body) {
  nlohmann::ordered_json end = nlohmann::ordered_json::object();
  if (!response.status.ok()) end["error"] = error(response);
  rpc::Metadata trailers;
  add_metadata(response.trailers, {}, trailers);
  for (const auto [key, value] : trailers) end["metadata"][std::string(key)].push_back(value);
  append_frame(body, end_flag, text(end));
}

}  // namespace wasm_grpc::facade::connect
