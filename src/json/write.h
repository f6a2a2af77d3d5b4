// Messages into JSON: protobuf's JSON mapping (protobuf.dev/programming-guides/json).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "json/types.h"

namespace wasm_grpc::json {

struct WriteOptions {
  /// How deep messages, and the objects and arrays of google.protobuf.Value, may be nested.
  int max_depth = 100;
  /// Bytes of the text, at most.
  std::size_t max_size = std::size_t{64} << 20;
  /// Whether fields that have no presence are written where they are not set: numbers as 0, lists as [] and so on.
  bool emit_defaults = false;
  /// Whether an Any of an unknown type is {"@type": ..., "value": <its bytes in base64>}; else it is an error.
  bool unknown_any_as_bytes = false;
};

/// Appends the JSON of a message, without white space, to `out`. Nothing when that went well; else what is wrong, in
/// one sentence, and `out` is as before: the bytes are no such message, or it says what JSON cannot (text that is not
/// UTF-8, a timestamp out of range, an Any of an unknown type).
///
/// Fields are in the order of the bytes, which is the order of their numbers where encoders keep to it; those without a
/// value are left out, as are unknown ones. Takes time in proportion to the message and the text. Never throws but for
/// lack of memory.
[[nodiscard]] std::optional<std::string> write(const MessageType& type, std::span<const std::byte> message,
                                               std::string& out, const WriteOptions& options = {});

}  // namespace wasm_grpc::json
