#include "wast_reader.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace wasm_grpc::wasm::test {

namespace {

/// A word, a string with its quotes, or a list of these, with the text it is made of.
struct Node {
  std::string_view text;
  std::vector<Node> children;

  [[nodiscard]] bool is_list() const { return text.starts_with('('); }
  [[nodiscard]] bool is_string() const { return text.starts_with('"'); }
  [[nodiscard]] bool begins_with(std::string_view word) const { return !children.empty() && children[0].text == word; }
};

class Reader {
 public:
  explicit Reader(std::string_view script) : script_(script) {}

  std::vector<Node> read_all() {
    std::vector<Node> nodes;
    for (skip_blank(); at_ < script_.size(); skip_blank()) nodes.push_back(read());
    return nodes;
  }

 private:
  Node read() {
    const std::size_t begin = at_;
    Node node;
    if (script_[at_] == '(') {
      ++at_;
      for (skip_blank(); peek() != ')'; skip_blank()) node.children.push_back(read());
      ++at_;
    } else if (script_[at_] == '"') {
      for (++at_; peek() != '"'; ++at_) at_ += peek() == '\\' ? 1 : 0;
      ++at_;
    } else {
      // Annotations may hold anything, such as a lone "]" or ",".
      ++at_;
      while (at_ < script_.size() && std::string_view(" \t\r\n()\";").find(script_[at_]) == std::string_view::npos)
        ++at_;
    }
    node.text = script_.substr(begin, at_ - begin);
    return node;
  }

  void skip_blank() {
    while (at_ < script_.size()) {
      if (std::isspace(static_cast<unsigned char>(script_[at_])) != 0) {
        ++at_;
      } else if (script_.substr(at_).starts_with(";;")) {
        at_ = std::min(script_.find_first_of("\r\n", at_), script_.size());
      } else if (script_.substr(at_).starts_with("(;")) {
        skip_block();
      } else {
        return;
      }
    }
  }
  void skip_block() {
    int depth = 0;
    do {
      const std::string_view two = script_.substr(at_, 2);
      if (two.size() < 2) throw std::runtime_error("a comment does not end");
      depth += two == "(;" ? 1 : two == ";)" ? -1 : 0;
      at_ += two == "(;" || two == ";)" ? 2 : 1;
    } while (depth > 0);
  }
  [[nodiscard]] char peek() const {
    if (at_ >= script_.size()) throw std::runtime_error("a list or string does not end");
    return script_[at_];
  }

  std::string_view script_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& out, unsigned long point) {
  const auto byte = [&](unsigned long value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6);
    byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3F));
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  }
}

/// The bytes that a string of the text format stands for.
std::string unescaped(std::string_view quoted) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    static constexpr std::string_view letters = "tnr\"'\\";
    static constexpr std::string_view meanings = "\t\n\r\"'\\";
    if (const std::size_t known = letters.find(kind); known != std::string_view::npos) {
      out += meanings[known];
    } else if (kind == 'u') {
      const std::size_t end = text.find('}', i);
      append_utf8(out, std::stoul(std::string(text.substr(i + 2, end - i - 2)), nullptr, 16));
      i = end;
    } else {
      out += static_cast<char>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16));
      ++i;
    }
  }
  return out;
}

/// A (module ...) as a file: of "binary" and "quote" what their strings say.
std::string module_bytes(const Node& module) {
  for (const Node& child : module.children) {
    if (child.text != "binary" && child.text != "quote") continue;
    std::string out;
    for (const Node& piece : module.children) {
      if (piece.is_string()) out += unescaped(piece.text);
    }
    return out;
  }
  return std::string(module.text);
}

}  // namespace

std::vector<BadModule> bad_modules(std::string_view script) {
  std::vector<BadModule> out;
  for (const Node& node : Reader(script).read_all()) {
    if (!node.begins_with("assert_malformed") && !node.begins_with("assert_invalid")) continue;
    if (node.children.size() < 2 || !node.children[1].begins_with("module")) continue;
    const auto begin = script.begin() + (node.text.data() - script.data());
    const auto line = static_cast<std::size_t>(std::count(script.begin(), begin, '\n')) + 1;
    out.push_back({line, module_bytes(node.children[1])});
  }
  return out;
}

}  // namespace wasm_grpc::wasm::test
