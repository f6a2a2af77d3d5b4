// Messages as JSON (protobuf's mapping, protobuf.dev/programming-guides/json), by descriptors that are known at run
// time.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::client {

/// Cuts a text into the JSON values it consists of, which may follow each other with or without space between them.
class JsonSplitter {
 public:
  void add(std::string_view text) { text_.append(text); }
  /// No more text comes.
  void end() { ended_ = true; }
  /// The next complete value; nothing when it is not all there, or there are no more. What is cut short at the end is
  /// given as it is: whoever reads it says what is wrong with it.
  [[nodiscard]] std::optional<std::string> next();

 private:
  std::string text_;
  std::size_t scanned_ = 0;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool ended_ = false;
};

/// The bytes of a message of this type.
[[nodiscard]] Result<std::string> from_json(const google::protobuf::Descriptor* type, const std::string& json);
/// A message as indented JSON, without a line end.
[[nodiscard]] Result<std::string> to_json(const google::protobuf::Descriptor* type, std::string_view message);

}  // namespace wasm_grpc::client
