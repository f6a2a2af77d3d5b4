#include "facade/encodings.h"

#include <string>

#include "facade/unknown_method.h"

namespace wasm_grpc::facade {

rpc::Status read_encoding(std::string_view name, rpc::Encoding& encoding) {
  const auto known = rpc::parse_encoding(name);
  if (!known) {
    return {rpc::StatusCode::unimplemented, "the compression " + quoted(name) +
                                                " is not supported; this server knows " +
                                                std::string(rpc::known_encodings)};
  }
  encoding = *known;
  return {};
}

rpc::EncodingSet accepted_encodings(const rpc::Metadata& fields, std::string_view name) {
  rpc::EncodingSet accepted;
  for (std::size_t i = 0; const auto list = fields.get(name, i); ++i) accepted.add_list(*list);
  return accepted;
}

}  // namespace wasm_grpc::facade
