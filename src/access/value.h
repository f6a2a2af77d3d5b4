// JSON as a small tree, read strictly: policies, key sets and tokens are made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::access {

struct Member;

/// A value of JSON (RFC 8259).
struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  /// Of a string what it stands for, in UTF-8; of a number and a boolean what is written.
  std::string text;
  std::vector<Value> items;     // of an array
  std::vector<Member> members;  // of an object, in their order; each key once

  [[nodiscard]] bool is(Kind wanted) const noexcept { return kind == wanted; }
  /// The member of that key; nullptr for none, and where this is no object.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
};

struct Member {
  std::string key;
  Value value;
};

/// "an object", "a string", ... for people.
[[nodiscard]] std::string_view name(Value::Kind kind) noexcept;

/// How deep values may be nested.
inline constexpr int max_value_depth = 16;

/// Reads one value that is all of the text. A key that comes twice in an object is an error, as readers differ in which
/// of the two holds (RFC 8725, 2.4). The error says the line and the column. It takes some 50 times the memory of the
/// text at most, which callers bound.
[[nodiscard]] Result<Value> read_value(std::string_view text);

}  // namespace wasm_grpc::access
