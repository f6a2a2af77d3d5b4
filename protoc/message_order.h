// In which order structs are defined.
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <vector>

namespace wasm_grpc::protoc {

using MessageSet = std::set<const google::protobuf::Descriptor*>;

struct OrderedMessage {
  const google::protobuf::Descriptor* message = nullptr;
  /// Those that hold each other, this one among them when it holds itself: they cannot all do it by value.
  MessageSet cycle;
  /// The same when repeated fields and maps count too, whose elements lie elsewhere: where they are, the elements' type
  /// may not be complete yet.
  MessageSet wide_cycle;
};

/// All messages of the file, with those within others, each after those it holds by value, and after all it mentions
/// unless they are of its wide cycle.
[[nodiscard]] std::vector<OrderedMessage> order_messages(const google::protobuf::FileDescriptor& file);

}  // namespace wasm_grpc::protoc
