#include "facade/rest/url_text.h"

#include "rpc/percent.h"

namespace wasm_grpc::facade::rest {

namespace {

std::optional<std::string> decoded(std::string_view text, bool keeps_slashes, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += plus_is_space && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = rpc::hex_value(text[at + 1]);
    const int low = rpc::hex_value(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const auto c = static_cast<char>(high * 16 + low);
    if (c == '/' && keeps_slashes) {
      out += text.substr(at, 3);
    } else {
      out += c;
    }
    at += 2;
  }
  return out;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) { return decoded(text, false, false); }
std::optional<std::string> segments_decoded(std::string_view text) { return decoded(text, true, false); }
std::optional<std::string> parameter_decoded(std::string_view text) { return decoded(text, false, true); }

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace wasm_grpc::facade::rest
