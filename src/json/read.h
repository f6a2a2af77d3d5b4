// JSON into messages: protobuf's JSON mapping (protobuf.dev/programming-guides/json) over strict JSON (RFC 8259).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/types.h"

namespace wasm_grpc::json {

struct ReadOptions {
  /// How deep messages, and the objects and arrays of google.protobuf.Value, may be nested.
  int max_depth = 100;
  /// Bytes of the message, at most.
  std::size_t max_size = std::size_t{64} << 20;
  /// Whether fields and names of enums that the type does not have are left out; else they are an error.
  bool ignore_unknown_fields = false;
};

/// Appends the message that `text` stands for to `out`, in the wire format. Nothing when that went well; else what is
/// wrong, in one sentence for the client with the place, and `out` is as before:
/// `field user.age: expected an int32, found "x" (line 1, column 12)`.
///
/// Takes time in proportion to the text, whatever is in it. Never throws but for lack of memory.
[[nodiscard]] std::optional<std::string> read(const MessageType& type, std::string_view text,
                                              std::vector<std::byte>& out, const ReadOptions& options = {});

}  // namespace wasm_grpc::json
