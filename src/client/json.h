// Messages as JSON (protobuf's mapping, protobuf.dev/programming-guides/json), by descriptors that are known at run
// time.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/types.h"
#include "services/described_files.h"
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

/// How responses are shown.
struct JsonStyle {
  bool one_line = false;       // without line ends and spaces
  bool emit_defaults = false;  // also fields without presence that are not set
};

/// Messages of the types of some files, from and to JSON. An Any of a type that is not among them is its "@type", and
/// its bytes as "value", in base64. Immutable; lives no longer than the files.
class MessageJson {
 public:
  explicit MessageJson(const services::DescribedFiles& files) : types_(files.files()) {}
  /// Of the messages of google/rpc/error_details.proto.
  [[nodiscard]] static MessageJson of_error_details();

  /// The bytes of a message of the type "package.Message".
  [[nodiscard]] Result<std::string> read(const std::string& type, std::string_view json) const;
  /// A message as JSON, indented if the style does not say otherwise, without a line end.
  [[nodiscard]] Result<std::string> write(const std::string& type, std::string_view message,
                                          const JsonStyle& style = {}) const;

 private:
  explicit MessageJson(std::span<const google::protobuf::FileDescriptor* const> files) : types_(files) {}

  json::Types types_;
};

/// JSON without white space as it is easier to read: a line for each member and element, one space for each level.
[[nodiscard]] std::string indented(std::string_view json);

}  // namespace wasm_grpc::client
