// The message types that JSON is read into and written from, as tables made once from descriptors.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <span>
#include <string_view>

namespace wasm_grpc::json {

/// One message type's table: what read() and write() go by. Immutable, for any thread; lives as long as its Types.
class MessageType;

/// The tables of all message types of some files. They refer to each other, and nothing of a descriptor is kept: the
/// pool may go. Immutable once made: any number of threads may use it, without a lock.
class Types {
 public:
  /// The types of these files and of all that they import, and their extensions. Takes time and memory in proportion to
  /// their number of fields.
  explicit Types(std::span<const google::protobuf::FileDescriptor* const> files);
  ~Types();
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;

  /// The type "package.Message"; nullptr where the files have none.
  [[nodiscard]] const MessageType* find(std::string_view full_name) const;

 private:
  class Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace wasm_grpc::json
