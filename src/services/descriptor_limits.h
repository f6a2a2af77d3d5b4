// How large the descriptors of a module may become. What they cost is not seen by their bytes: libprotobuf makes
// objects of hundreds of bytes from two, and compares some of them each with each.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <string_view>

#include "wasm_grpc/result.h"

namespace wasm_grpc::services {

/// Counts what the descriptors of one module have. Each error is one line about "its descriptors".
class DescriptorLimits {
 public:
  /// Elements of lists, at any depth: files, messages, fields, values, methods, options, places of comments, ...
  static constexpr std::size_t most_parts = 100'000;
  static constexpr std::size_t most_files = 2'000;
  /// Extension ranges and reserved ranges of one message or enum.
  static constexpr int most_ranges = 1'000;
  /// The sum of the full names, "package.Message.field".
  static constexpr std::size_t most_name_bytes = std::size_t{16} << 20;

  /// A serialized FileDescriptorSet, before it is parsed; its text is to be UTF-8. What is not one passes: parsing
  /// tells better.
  [[nodiscard]] Result<> add_bytes(std::string_view set);
  /// A file of it that is not a repetition.
  [[nodiscard]] Result<> add(const google::protobuf::FileDescriptorProto& file);

 private:
  std::size_t parts_ = 0;
  std::size_t files_ = 0;
  std::size_t name_bytes_ = 0;
};

}  // namespace wasm_grpc::services
