// C++ literals, and comments.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace wasm_grpc::protoc {

/// Bytes as string literals, one to a line, each line indented by `indent` spaces but the first. Every byte that is not
/// a plain character is written in octal, so that what follows it does not become part of it.
[[nodiscard]] std::string string_literal(std::string_view bytes, int indent);

/// The default value that the .proto gives to a field of a number, a bool, or a string (as a std::string_view). Enums
/// are the caller's.
[[nodiscard]] std::string default_literal(const google::protobuf::FieldDescriptor& field);

/// The comment before something in the .proto as a documentation comment, each line after `indent` spaces; nothing
/// where there is none.
template <typename Descriptor>
[[nodiscard]] std::string comment_of(const Descriptor& descriptor, int indent);

[[nodiscard]] std::string documentation(std::string_view text, int indent);

template <typename Descriptor>
std::string comment_of(const Descriptor& descriptor, int indent) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  return documentation(location.leading_comments.empty() ? location.trailing_comments : location.leading_comments,
                       indent);
}

}  // namespace wasm_grpc::protoc
