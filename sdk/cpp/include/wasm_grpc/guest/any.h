// google.protobuf.Any: a message of any type, beside its type's name.
#pragma once

#include <string>
#include <string_view>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/message.h"

namespace wasm_grpc::guest {

/// Whether an Any's type_url names this type: what is after its last '/'.
[[nodiscard]] constexpr bool is_type(std::string_view type_url, std::string_view full_name) noexcept {
  return type_url.size() > full_name.size() && type_url.ends_with(full_name) &&
         type_url[type_url.size() - full_name.size() - 1] == '/';
}

/// The message in an `Any`, which is google::protobuf::Any as protoc-gen-wasm-grpc makes it:
///   reply.content = pack_any<google::protobuf::Any>(order);
template <typename Any, typename Message>
[[nodiscard]] Any pack_any(const Message& message) {
  Any any;
  any.type_url = std::string("type.googleapis.com/").append(Message::full_name);
  any.value = encode(message);
  return any;
}

/// The message out of an Any. False when it is of another type, or malformed; `message` is half of it then.
template <typename Any, typename Message>
[[nodiscard]] bool unpack_any(const Any& any, Message& message) {
  return is_type(any.type_url, Message::full_name) && decode(Bytes(any.value), message);
}

}  // namespace wasm_grpc::guest
