#include "wasm_grpc/rpc/encoding.h"

namespace wasm_grpc::rpc {

std::string_view name(Encoding encoding) noexcept {
  switch (encoding) {
    case Encoding::identity:
      return "identity";
    case Encoding::deflate:
      return "deflate";
    case Encoding::gzip:
      return "gzip";
  }
  return "identity";
}

std::optional<Encoding> parse_encoding(std::string_view text) noexcept {
  if (text == "identity") return Encoding::identity;
  if (text == "deflate") return Encoding::deflate;
  if (text == "gzip") return Encoding::gzip;
  return std::nullopt;
}

void EncodingSet::add_list(std::string_view list) noexcept {
  for (;;) {
    const auto comma = list.find(',');
    std::string_view part = list.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (const auto encoding = parse_encoding(part)) add(*encoding);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace wasm_grpc::rpc
