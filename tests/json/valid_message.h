// Messages with anything in them that JSON can say.
#pragma once

#include <google/protobuf/message.h>

#include <random>

namespace wasm_grpc::json::test {

/// Libprotobuf 3.21 reads -0 as 0, and writes numbers that are not normal with digits too many.
enum class Floats { any, common };

/// Fills the message by chance. No unknown fields are left, and times, paths and the like are such as have a form in
/// JSON.
void fill_valid(google::protobuf::Message& message, std::mt19937& random, int depth, Floats floats);

}  // namespace wasm_grpc::json::test
