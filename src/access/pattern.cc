#include "access/pattern.h"

namespace wasm_grpc::access {

std::optional<Pattern> Pattern::parse(std::string_view text) {
  const auto star = text.find('*');
  if (star == std::string_view::npos) return Pattern(Kind::exact, text);
  if (text == "*") return Pattern(Kind::present, {});
  if (text.find('*', star + 1) != std::string_view::npos) return std::nullopt;
  if (star == text.size() - 1) return Pattern(Kind::prefix, text.substr(0, star));
  if (star == 0) return Pattern(Kind::suffix, text.substr(1));
  return std::nullopt;
}

}  // namespace wasm_grpc::access
