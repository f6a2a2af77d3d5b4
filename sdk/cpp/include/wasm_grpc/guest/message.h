// Messages as structs, which protoc-gen-wasm-grpc generates: to bytes and from bytes.
#pragma once

#include <string>

#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/wire_encode.h"
#include "wasm_grpc/guest/wire_format.h"

namespace wasm_grpc::guest {

/// Makes `message` what the bytes say. False when they are malformed: not a message of the wire format, a string of
/// proto3 that is not UTF-8, nested more than wire::max_depth deep, or, in proto2, without a required field. `message`
/// is half of it then.
template <typename Message>
[[nodiscard]] bool decode(Bytes bytes, Message& message) {
  message = Message();
  // Null means malformed, and so an empty view of nothing will not do.
  const char* const begin = bytes.empty() ? "" : bytes.data();
  if (merge_fields(begin, begin + bytes.size(), wire::max_depth, 0, message) == nullptr) return false;
  if constexpr (requires { is_initialized(message); }) return is_initialized(message);
  return true;
}

/// The message as bytes, which lie in `buffer` until it is used again.
///
/// Fields are in the order of their numbers, maps in that of their keys, and unknown fields come last. Nothing is
/// looked at: strings are to be UTF-8, and the required fields of proto2 to be there.
template <typename Message>
[[nodiscard]] Bytes encode(const Message& message, Buffer& buffer) {
  wire::Encoder out(buffer);
  return out.message(write_fields(out.end(), out, message));
}

template <typename Message>
[[nodiscard]] std::string encode(const Message& message) {
  Buffer buffer;
  return encode(message, buffer).copy();
}

}  // namespace wasm_grpc::guest
