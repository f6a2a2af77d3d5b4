#include "facade/grpc_json/exchange.h"

#include "facade/facades.h"
#include "facade/own_fields.h"

namespace wasm_grpc::facade::grpc_json {

int GrpcJsonExchange::head(const rpc::Response& response, rpc::Metadata& fields) {
  fields.add("content-type", "application/grpc+json");
  if (gzip_) fields.add("grpc-encoding", rpc::name(rpc::Encoding::gzip));
  fields.add("grpc-accept-encoding", rpc::known_encodings);
  add_metadata(response.headers, {}, fields);
  return 200;
}

std::unique_ptr<Exchange> open(std::string_view path, rpc::Encoding encoding, rpc::EncodingSet accepted,
                               const Tools& tools) {
  const Schema* const schema = tools.facades.schemas.find(path);
  if (schema == nullptr) return nullptr;
  const bool gzip = accepted.contains(rpc::Encoding::gzip);
  JsonEnvelopes json(JsonMessages(*schema, tools.codec, tools.max_message_size), encoding, gzip,
                     tools.max_message_size);
  auto exchange = std::make_unique<GrpcJsonExchange>(std::move(json), gzip);
  exchange->keep(tools.owner);
  return exchange;
}

}  // namespace wasm_grpc::facade::grpc_json
