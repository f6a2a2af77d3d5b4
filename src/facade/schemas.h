// What is known of the messages of methods, by the descriptors of their modules.
#pragma once

#include <google/protobuf/descriptor.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/types.h"

namespace wasm_grpc::facade {

/// Of one method.
struct Schema {
  const json::MessageType* request = nullptr;
  const json::MessageType* response = nullptr;
  /// Those of its module.
  const json::Types* types = nullptr;
  /// Its option idempotency_level is NO_SIDE_EFFECTS: it may be called by GET.
  bool only_reads = false;
};

/// By the paths of methods. Filled, then only read, from any thread.
class Schemas {
 public:
  /// Notes these methods, whose messages are of `types`.
  void add(std::span<const google::protobuf::MethodDescriptor* const> methods,
           std::shared_ptr<const json::Types> types);

  /// nullptr where the method is not described.
  [[nodiscard]] const Schema* find(std::string_view path) const noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  std::vector<std::shared_ptr<const json::Types>> types_;  // one for each module
  std::unordered_map<std::string, Schema, Hash, std::equal_to<>> by_path_;
};

}  // namespace wasm_grpc::facade
