// Messages of Google's implementation with anything in them.
#pragma once

#include <google/protobuf/message.h>

#include <random>
#include <string>

namespace wasm_grpc::test {

/// Fills the message: each field by chance, with values from the ends of their ranges as well as from within, and with
/// fields that nobody knows. `depth` is how deep messages may be nested in it.
void fill(google::protobuf::Message& message, std::mt19937& random, int depth);

/// As bytes, with maps in the order of their keys.
[[nodiscard]] std::string serialized(const google::protobuf::Message& message);

}  // namespace wasm_grpc::test
