#include "facade/own_fields.h"

#include <algorithm>
#include <string>

#include "rpc/base64.h"

namespace wasm_grpc::facade {

namespace {

bool is_hosts(std::string_view key) {
  return key == "content-length" || key == "content-encoding" || key == "trailer" || key == "date" ||
         key.starts_with("connect-") || key.starts_with("access-control-");
}

}  // namespace

void drop_fields(std::span<const std::string_view> names, rpc::Metadata& fields) {
  const auto is_own = [&](std::string_view key) { return std::ranges::find(names, key) != names.end(); };
  if (std::ranges::none_of(names, [&](std::string_view name) { return fields.get(name).has_value(); })) return;
  rpc::Metadata others;
  for (const auto [key, value] : fields) {
    if (!is_own(key)) others.add(key, value);
  }
  std::swap(fields, others);
}

void add_metadata(const rpc::Metadata& metadata, std::string_view prefix, rpc::Metadata& fields) {
  std::string name;
  std::string encoded;
  for (const auto [key, value] : metadata) {
    if (prefix.empty() && is_hosts(key)) continue;
    name.assign(prefix).append(key);
    if (rpc::is_binary_key(key)) {
      encoded.clear();
      rpc::base64_encode(value, encoded);
      fields.add(name, encoded);
    } else {
      fields.add(name, value);
    }
  }
}

}  // namespace wasm_grpc::facade
