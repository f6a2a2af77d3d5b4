#include "access/value.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "json/text/input.h"

namespace wasm_grpc::access {

namespace {

using json::TextInput;

/// From here on an object's keys are compared by a set.
constexpr std::size_t many_members = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : input_(text) {}

  [[nodiscard]] Result<Value> read() {
    Value value;
    input_.skip_space();
    bool good = read(value, max_value_depth);
    if (good) {
      input_.skip_space();
      good = input_.at_end() || input_.expected("the end of the text");
    }
    if (!good) return Error{input_.place() + ": " + input_.problem()};
    return value;
  }

 private:
  bool read(Value& value, int depth) {
    switch (input_.next()) {
      case '{':
        value.kind = Value::Kind::object;
        return read_object(value, depth);
      case '[':
        value.kind = Value::Kind::array;
        return read_array(value, depth);
      case '"':
        value.kind = Value::Kind::string;
        return read_string(value.text);
      case 't':
        return read_word(value, "true", Value::Kind::boolean);
      case 'f':
        return read_word(value, "false", Value::Kind::boolean);
      case 'n':
        return read_word(value, "null", Value::Kind::null);
      default: {
        if (input_.next() != '-' && (input_.next() < '0' || input_.next() > '9')) return input_.expected("a value");
        std::string_view number;
        if (!input_.number(number)) return false;
        value.kind = Value::Kind::number;
        value.text = number;
        return true;
      }
    }
  }

  bool read_word(Value& value, std::string_view word, Value::Kind kind) {
    if (!input_.takes_word(word)) return input_.expected("a value");
    value.kind = kind;
    if (kind != Value::Kind::null) value.text = word;
    return true;
  }

  bool read_string(std::string& out) {
    TextInput::String string;
    if (!input_.string(string)) return false;
    if (string.has_escapes) {
      TextInput::unescape(string.raw, out);
    } else {
      out = string.raw;
    }
    return true;
  }

  bool read_array(Value& value, int depth) {
    if (depth <= 0) return input_.wrong("nested too deeply");
    (void)input_.takes('[');
    input_.skip_space();
    if (input_.takes(']')) return true;
    for (bool more = true; more;) {
      if (!read(value.items.emplace_back(), depth - 1) || !input_.comma_or(']', more)) return false;
    }
    return true;
  }

  bool read_object(Value& value, int depth) {
    if (depth <= 0) return input_.wrong("nested too deeply");
    (void)input_.takes('{');
    input_.skip_space();
    if (input_.takes('}')) return true;
    std::unordered_set<std::string> keys;  // when they are many
    for (bool more = true; more;) {
      const char* const place = input_.at();
      Member member;
      if (!read_string(member.key)) return false;
      const bool again = keys.empty() ? value.find(member.key) != nullptr : keys.contains(member.key);
      if (again) return input_.wrong("the key \"" + json::shown(member.key) + "\" comes twice", place);
      if (!input_.colon() || !read(member.value, depth - 1)) return false;
      value.members.push_back(std::move(member));
      if (value.members.size() == many_members) {
        for (const Member& other : value.members) keys.insert(other.key);
      } else if (value.members.size() > many_members) {
        keys.insert(value.members.back().key);
      }
      if (!input_.comma_or('}', more)) return false;
    }
    return true;
  }

  TextInput input_;
};

}  // namespace

const Value* Value::find(std::string_view key) const noexcept {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

std::string_view name(Value::Kind kind) noexcept {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
      return "an object";
  }
  return {};
}

Result<Value> read_value(std::string_view text) { return Reader(text).read(); }

}  // namespace wasm_grpc::access
