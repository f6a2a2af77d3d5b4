#include "json/text/input.h"

#include <algorithm>

#include "json/text/numbers.h"
#include "json/text/plain.h"
#include "rpc/utf8.h"

namespace wasm_grpc::json {

namespace {

constexpr std::size_t most_shown = 40;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Four hexadecimal digits; negative when they are not.
int code_unit(const char* at, const char* end) noexcept {
  if (end - at < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

bool is_high(int unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(int unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

void append_utf8(unsigned code, std::string& out) {
  const auto follow = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    follow(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    follow(6);
    follow(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    follow(12);
    follow(6);
    follow(0);
  }
}

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '+' || c == '.';
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out(text.substr(0, most_shown));
  if (text.size() > most_shown) {
    while (!out.empty() && (out.back() & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && (out.back() & 0x80) != 0) out.pop_back();
    out += "...";
  }
  rpc::replace_invalid_utf8(out);
  std::replace_if(out.begin(), out.end(), [](char c) { return c >= 0 && c < 0x20; }, '?');
  return out;
}

bool TextInput::takes(std::string_view text) noexcept {
  if (static_cast<std::size_t>(end_ - at_) < text.size() || std::memcmp(at_, text.data(), text.size()) != 0)
    return false;
  at_ += text.size();
  return true;
}

bool TextInput::takes_word(std::string_view word) noexcept {
  const char* const before = at_;
  if (!takes(word)) return false;
  if (at_ == end_ || !is_word(*at_)) return true;
  at_ = before;
  return false;
}

bool TextInput::string(String& out) {
  if (next() != '"') return expected("a string");
  const char* const start = ++at_;
  out.has_escapes = false;
  while (true) {
    at_ = skip_plain(at_, end_);
    if (at_ == end_) return wrong("the string that begins here does not end", start - 1);
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') break;
    if (c == '\\') {
      out.has_escapes = true;
      if (!escape()) return false;
    } else if (c < 0x20) {
      return wrong("a control character in a string must be written as an escape");
    } else {
      const std::size_t size = rpc::utf8_character({at_, static_cast<std::size_t>(end_ - at_)}, 0);
      if (size == 0) return wrong("the string is not UTF-8");
      at_ += size;
    }
  }
  out.raw = {start, static_cast<std::size_t>(at_ - start)};
  ++at_;
  return true;
}

bool TextInput::escape() {
  const char* const start = at_;
  ++at_;
  switch (next()) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      ++at_;
      return true;
    case 'u':
      break;
    default:
      return wrong("no such escape in a string", start);
  }
  const int unit = code_unit(++at_, end_);
  if (unit < 0) return wrong("\\u is followed by four hexadecimal digits", start);
  at_ += 4;
  if (is_low(unit)) return wrong("the second half of a surrogate pair stands alone", start);
  if (is_high(unit)) {
    const bool has_second = end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u' && is_low(code_unit(at_ + 2, end_));
    if (!has_second) return wrong("the first half of a surrogate pair stands alone", start);
    at_ += 6;
  }
  return true;
}

void TextInput::unescape(std::string_view raw, std::string& out) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    const char* const plain = at;
    at = std::find(at, end, '\\');
    out.append(plain, at);
    if (at == end) return;
    ++at;
    const char c = *at++;
    switch (c) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        auto code = static_cast<unsigned>(code_unit(at, end));
        at += 4;
        if (is_high(static_cast<int>(code))) {
          code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<unsigned>(code_unit(at + 2, end)) - 0xDC00);
          at += 6;
        }
        append_utf8(code, out);
        break;
      }
      default:
        out += c;
    }
  }
}

bool TextInput::number(std::string_view& out) {
  const char* const start = at_;
  const char* const end = number_end(start, end_);
  if (end == nullptr || (end != end_ && is_word(*end))) return expected("a number");
  at_ = end;
  out = {start, static_cast<std::size_t>(end - start)};
  return true;
}

bool TextInput::colon() {
  skip_space();
  if (!takes(':')) return expected("a colon");
  skip_space();
  return true;
}

bool TextInput::comma_or(char close, bool& more) {
  skip_space();
  more = takes(',');
  if (more) {
    skip_space();
    return true;
  }
  if (takes(close)) return true;
  return expected(close == '}' ? "a comma or }" : "a comma or ]");
}

bool TextInput::skip(int depth) {
  switch (next()) {
    case '{':
      return skip_object(depth);
    case '[': {
      if (depth <= 0) return wrong("nested too deeply");
      ++at_;
      skip_space();
      if (takes(']')) return true;
      for (bool more = true; more;) {
        if (!skip(depth - 1) || !comma_or(']', more)) return false;
      }
      return true;
    }
    case '"': {
      String string;
      return this->string(string);
    }
    case 't':
      return takes_word("true") || expected("a value");
    case 'f':
      return takes_word("false") || expected("a value");
    case 'n':
      return takes_word("null") || expected("a value");
    default: {
      std::string_view number;
      if (next() != '-' && (next() < '0' || next() > '9')) return expected("a value");
      return this->number(number);
    }
  }
}

bool TextInput::skip_object(int depth) {
  if (depth <= 0) return wrong("nested too deeply");
  const char* const object = at_++;
  const char* type = nullptr;
  skip_space();
  if (takes('}')) return true;
  for (bool more = true; more;) {
    String key;
    if (!string(key) || !colon()) return false;
    if (notes_types_ && type == nullptr) {
      if (key.has_escapes && key.raw.size() <= 6 * 5) {
        std::string name;
        unescape(key.raw, name);
        if (name == "@type") type = at_;
      } else if (key.raw == "@type") {
        type = at_;
      }
    }
    if (!skip(depth - 1) || !comma_or('}', more)) return false;
  }
  if (type != nullptr) typed_.push_back({object, type});
  return true;
}

bool TextInput::find_type(int depth, const char*& value) {
  const char* const object = at_;
  if (typed_until_ == nullptr || object >= typed_until_) {
    typed_.clear();
    notes_types_ = true;
    const bool ok = skip_object(depth);
    notes_types_ = false;
    if (!ok) return false;
    typed_until_ = at_;
    at_ = object;
    std::sort(typed_.begin(), typed_.end(), [](const Typed& a, const Typed& b) { return a.object < b.object; });
  }
  const auto found = std::lower_bound(typed_.begin(), typed_.end(), object,
                                      [](const Typed& typed, const char* sought) { return typed.object < sought; });
  value = found != typed_.end() && found->object == object ? found->type : nullptr;
  return true;
}

bool TextInput::expected(std::string_view what, const char* place) {
  return wrong("expected " + std::string(what) + ", found " + found(place), place);
}

bool TextInput::wrong(std::string what, const char* place) {
  problem_ = std::move(what);
  problem_at_ = place;
  return false;
}

std::string TextInput::found(const char* place) const {
  if (place == end_) return "the end of the text";
  const char* end = place + 1;
  switch (*place) {
    case '{':
      return "an object";
    case '[':
      return "an array";
    case '"':
      while (end != end_ && *end != '"' && end - place < 100) end += *end == '\\' && end + 1 != end_ ? 2 : 1;
      return "\"" + shown({place + 1, static_cast<std::size_t>(end - place - 1)}) + "\"";
    default:
      if (is_word(*place)) {
        while (end != end_ && is_word(*end) && end - place < 100) ++end;
      } else {
        end = place + std::max<std::size_t>(1, rpc::utf8_character({place, static_cast<std::size_t>(end_ - place)}, 0));
      }
      return shown({place, static_cast<std::size_t>(end - place)});
  }
}

std::string TextInput::place() const {
  const auto line = std::count(begin_, problem_at_, '\n') + 1;
  const char* start = problem_at_;
  while (start != begin_ && start[-1] != '\n') --start;
  return "line " + std::to_string(line) + ", column " + std::to_string(problem_at_ - start + 1);
}

}  // namespace wasm_grpc::json
