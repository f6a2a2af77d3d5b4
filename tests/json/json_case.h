// Messages of Google's implementation to and from JSON by ours.
#pragma once

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/read.h"
#include "json/write.h"

namespace wasm_grpc::json::test {

/// The table of a generated type, and of all others of its file.
template <typename Message>
const MessageType& type_of() {
  static const std::array files{Message::descriptor()->file()};
  static const Types types(files);
  return *types.find(Message::descriptor()->full_name());
}

/// The bytes of what is read, or the error after "error: ".
template <typename Message>
std::string read_bytes(std::string_view text, const ReadOptions& options = {}) {
  std::vector<std::byte> bytes(3);
  if (const auto error = read(type_of<Message>(), text, bytes, options)) {
    EXPECT_EQ(bytes.size(), 3U) << "what could not be read leaves nothing behind";
    return "error: " + *error;
  }
  return {reinterpret_cast<const char*>(bytes.data()) + 3, bytes.size() - 3};
}

/// The message that is read, or what is wrong, as text.
template <typename Message>
std::string read_text(std::string_view text, const ReadOptions& options = {}) {
  const std::string bytes = read_bytes<Message>(text, options);
  if (bytes.starts_with("error: ")) return bytes;
  Message message;
  if (!message.ParseFromString(bytes)) return "what was read is no message";
  return message.ShortDebugString();
}

/// The JSON, or what is wrong after "error: ".
template <typename Message>
std::string write_text(std::string_view bytes, const WriteOptions& options = {}) {
  std::string text = "...";
  if (const auto error = write(type_of<Message>(), std::as_bytes(std::span(bytes)), text, options)) {
    EXPECT_EQ(text, "...") << "what could not be written leaves nothing behind";
    return "error: " + *error;
  }
  EXPECT_TRUE(text.starts_with("..."));
  return text.substr(3);
}

template <typename Message>
std::string write_message(const Message& message) {
  return write_text<Message>(message.SerializeAsString());
}

}  // namespace wasm_grpc::json::test
