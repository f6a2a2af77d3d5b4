// Path templates of google.api.http rules (google/api/http.proto, "Path template syntax").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::facade::rest {

/// A template in its parts: "/v1/{name=shelves/*/books/*}:verb".
struct PathTemplate {
  enum class Kind { literal, one, rest };

  /// What one segment of a path must be: a text (percent-decoded), anything ("*"), or, at the end, any number of
  /// segments
  /// ("**").
  struct Segment {
    Kind kind = Kind::literal;
    std::string text;
  };
  /// A variable: the segments from `first` on, `count` of them, or, with the rest, all.
  struct Variable {
    std::string field_path;
    std::size_t first = 0;
    std::size_t count = 0;
    /// Whether it is exactly one segment, "{name}" or "{name=*}": only then is %2F decoded in it.
    bool is_one = false;
  };

  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;

  /// The same for templates that match the same paths: "/v1/shelves/*:verb".
  [[nodiscard]] std::string shape() const;
};

/// Fails, with what is wrong, where it is no template.
[[nodiscard]] Result<PathTemplate> parse_path_template(std::string_view text);

}  // namespace wasm_grpc::facade::rest
