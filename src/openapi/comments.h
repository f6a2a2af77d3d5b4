// Comments of .proto files.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "rpc/utf8.h"

namespace wasm_grpc::openapi {

/// A comment without the spaces around it and those that begin its lines, as UTF-8.
[[nodiscard]] inline std::string trimmed(std::string text) {
  rpc::replace_invalid_utf8(text);
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && c == ' ') {
      at_start = false;
      continue;
    }
    out += c;
    at_start = c == '\n';
  }
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (!out.empty() && is_space(out.back())) out.pop_back();
  while (!out.empty() && is_space(out.front())) out.erase(0, 1);
  return out;
}

/// The comment before something, or else the one behind it; empty where there is none, or no source information.
template <typename Descriptor>
[[nodiscard]] std::string comment_of(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return "";
  const std::string leading = trimmed(location.leading_comments);
  return leading.empty() ? trimmed(location.trailing_comments) : leading;
}

}  // namespace wasm_grpc::openapi
