#include "json/text/output.h"

#include <algorithm>

#include "json/text/plain.h"
#include "rpc/utf8.h"

namespace wasm_grpc::json {

namespace {

/// What stands for a quote, a backslash or a control character. Returns the end, six characters further at most.
char* escape(unsigned char c, char* to) {
  constexpr std::string_view digits = "0123456789abcdef";
  *to++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *to++ = static_cast<char>(c);
      return to;
    case '\b':
      *to++ = 'b';
      return to;
    case '\f':
      *to++ = 'f';
      return to;
    case '\n':
      *to++ = 'n';
      return to;
    case '\r':
      *to++ = 'r';
      return to;
    case '\t':
      *to++ = 't';
      return to;
    default:
      to = std::copy_n("u00", 3, to);
      *to++ = digits[c >> 4];
      *to++ = digits[c & 15];
      return to;
  }
}

}  // namespace

void append_quoted(std::string_view text, std::string& out) {
  TextOutput output(out);
  static_cast<void>(output.quoted(text));
  output.finish();
}

bool TextOutput::quoted(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  char* to = room(text.size() + 8);  // the quotes and what one escape is longer
  *to++ = '"';
  while (true) {
    const char* const plain = at;
    at = skip_plain(at, end);
    to = std::copy(plain, at, to);
    if (at == end) break;
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x80) {
      to = escape(c, to);
      ++at;
      advance_to(to);
      to = room(static_cast<std::size_t>(end - at) + 7);
    } else {
      const std::size_t size = rpc::utf8_character(text, static_cast<std::size_t>(at - text.data()));
      if (size == 0) return false;
      to = std::copy_n(at, size, to);
      at += size;
    }
  }
  *to++ = '"';
  advance_to(to);
  return true;
}

void TextOutput::grow(std::size_t more) { out_.resize(std::max(at_ + more, out_.size() + out_.size() / 2 + 64)); }

}  // namespace wasm_grpc::json
