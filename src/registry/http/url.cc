#include "registry/http/url.h"

#include <algorithm>

#include "text/lower_case.h"

namespace wasm_grpc::registry {

std::optional<Url> Url::parse(std::string_view text) {
  const auto is_strange = [](char c) { return c <= 0x20 || c > 0x7e || c == '\\' || c == '"' || c == '<' || c == '>'; };
  if (text.size() > max_url_bytes || std::any_of(text.begin(), text.end(), is_strange)) return std::nullopt;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = text::lower_case(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  url.authority = text::lower_case(text.substr(0, end));
  if (url.authority.empty() || url.authority.find('@') != std::string::npos) return std::nullopt;
  url.target = std::string(text.substr(end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::optional<Url> Url::resolve(std::string_view reference) const {
  if (reference.starts_with("//")) return parse(scheme + ":" + std::string(reference));
  if (reference.starts_with('/')) return parse(scheme + "://" + authority + std::string(reference));
  if (reference.find("://") < reference.find_first_of("/?#")) return parse(reference);
  const std::string folder = target.substr(0, target.substr(0, target.find('?')).rfind('/') + 1);
  return parse(scheme + "://" + authority + folder + std::string(reference));
}

}  // namespace wasm_grpc::registry
