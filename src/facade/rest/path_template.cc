#include "facade/rest/path_template.h"

#include <algorithm>

#include "facade/rest/url_text.h"

namespace wasm_grpc::facade::rest {

namespace {

/// A search goes as deep as the longest template.
constexpr std::size_t most_segments = 100;

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_field_path(std::string_view text) {
  bool after_dot = true;
  for (const char c : text) {
    if (c == '.' ? after_dot : !is_name(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Result<PathTemplate> parse() {
    if (!takes('/')) return wrong("begins with a slash");
    if (rest_.empty()) return result_;  // the root
    if (auto segments = this->segments(false); !segments.ok()) return segments.error();
    if (takes(':')) {
      const std::string_view verb = literal();
      const auto decoded = percent_decoded(verb);
      if (verb.empty() || !decoded) return wrong("has a verb after a colon");
      result_.verb = *decoded;
    }
    if (!rest_.empty()) return wrong("has no \"" + std::string(rest_.substr(0, 1)) + "\" there");
    for (std::size_t i = 0; i + 1 < result_.segments.size(); ++i) {
      if (result_.segments[i].kind == PathTemplate::Kind::rest) return wrong("has ** as its last segment only");
    }
    return std::move(result_);
  }

 private:
  Error wrong(std::string_view what) const {
    return Error{"the path template \"" + std::string(text_) + "\" is wrong: a template " + std::string(what) +
                 ", as /v1/{name=shelves/*}:verb"};
  }
  bool takes(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view literal() {
    const std::string_view text = rest_.substr(0, rest_.find_first_of("/:{}*="));
    rest_.remove_prefix(text.size());
    return text;
  }

  Result<> segments(bool in_variable) {
    do {
      if (rest_.starts_with("**")) {
        rest_.remove_prefix(2);
        result_.segments.push_back({PathTemplate::Kind::rest, {}});
      } else if (takes('*')) {
        result_.segments.push_back({PathTemplate::Kind::one, {}});
      } else if (takes('{')) {
        if (in_variable) return wrong("has no variable in a variable");
        if (auto variable = this->variable(); !variable.ok()) return variable;
      } else {
        const std::string_view text = literal();
        const auto decoded = percent_decoded(text);
        if (text.empty() || !decoded) return wrong("has segments of text, *, ** or {variable}");
        result_.segments.push_back({PathTemplate::Kind::literal, *decoded});
      }
      if (result_.segments.size() > most_segments) {
        return wrong("has at most " + std::to_string(most_segments) + " segments");
      }
    } while (takes('/'));
    return success();
  }

  Result<> variable() {
    const std::size_t end = std::min(rest_.find_first_of("=}/:{*"), rest_.size());
    PathTemplate::Variable variable;
    variable.field_path = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (!is_field_path(variable.field_path)) return wrong("has names of fields in its variables");
    variable.first = result_.segments.size();
    if (takes('=')) {
      if (auto inner = segments(true); !inner.ok()) return inner;
    } else {
      result_.segments.push_back({PathTemplate::Kind::one, {}});
    }
    if (!takes('}')) return wrong("closes each variable");
    variable.count = result_.segments.size() - variable.first;
    variable.is_one = variable.count == 1 && result_.segments.back().kind == PathTemplate::Kind::one;
    const auto is_same = [&](const PathTemplate::Variable& other) { return other.field_path == variable.field_path; };
    if (std::any_of(result_.variables.begin(), result_.variables.end(), is_same)) return wrong("names each field once");
    result_.variables.push_back(std::move(variable));
    return success();
  }

  std::string_view text_;
  std::string_view rest_;
  PathTemplate result_;
};

}  // namespace

std::string PathTemplate::shape() const {
  std::string text;
  for (const Segment& segment : segments) {
    text += '/';
    text += segment.kind == Kind::literal ? percent_encoded(segment.text) : segment.kind == Kind::one ? "*" : "**";
  }
  if (segments.empty()) text = "/";
  return verb.empty() ? text : text + ":" + percent_encoded(verb);
}

Result<PathTemplate> parse_path_template(std::string_view text) { return Parser(text).parse(); }

}  // namespace wasm_grpc::facade::rest
