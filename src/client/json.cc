#include "client/json.h"

#include <cstddef>
#include <span>
#include <vector>

#include "json/read.h"
#include "json/write.h"

namespace wasm_grpc::client {

std::optional<std::string> JsonSplitter::next() {
  constexpr std::string_view space = " \t\r\n";
  if (scanned_ == 0) text_.erase(0, std::min(text_.find_first_not_of(space), text_.size()));
  const auto take = [&] {
    std::string value = text_.substr(0, scanned_);
    text_.erase(0, scanned_);
    scanned_ = 0;
    depth_ = 0;
    in_string_ = escaped_ = false;
    return value;
  };
  for (; scanned_ < text_.size(); ++scanned_) {
    const char c = text_[scanned_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      if (--depth_ <= 0) {
        ++scanned_;
        return take();
      }
    } else if (depth_ == 0 && space.find(c) != std::string_view::npos) {
      return take();  // a bare word or number
    }
  }
  if (ended_ && !text_.empty()) return take();
  return std::nullopt;
}

Result<std::string> MessageJson::read(const std::string& type, std::string_view json) const {
  const json::MessageType* const known = types_.find(type);
  if (known == nullptr) return Error{"there is no message type " + type};
  std::vector<std::byte> message;
  if (const auto wrong = json::read(*known, json, message)) return Error{"the JSON is no " + type + ": " + *wrong};
  return std::string(reinterpret_cast<const char*>(message.data()), message.size());
}

Result<std::string> MessageJson::write(const std::string& type, std::string_view message,
                                       const JsonStyle& style) const {
  const json::MessageType* const known = types_.find(type);
  if (known == nullptr) return Error{"there is no message type " + type};
  json::WriteOptions options;
  options.max_size = std::size_t{1} << 30;  // the message's own size is bounded
  options.emit_defaults = style.emit_defaults;
  options.unknown_any_as_bytes = true;
  std::string json;
  if (const auto wrong = json::write(*known, std::as_bytes(std::span(message)), json, options)) {
    return Error{"the server sent what JSON cannot say as a " + type + ": " + *wrong};
  }
  return style.one_line ? json : indented(json);
}

std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false;
  const auto break_line = [&] { out.append("\n").append(depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      in_string = c != '"';
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '}' || c == ']') {
      --depth;
      break_line();
    }
    out += c;
    if (c == ':') out += ' ';
    if (c == ',') break_line();
    if (c != '{' && c != '[') continue;
    if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
      out += json[++i];  // nothing in it
      continue;
    }
    ++depth;
    break_line();
  }
  return out;
}

}  // namespace wasm_grpc::client
