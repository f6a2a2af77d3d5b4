// The .proto files by which one module describes its services.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::services {

/// The types of the messages of a method, "package.Message".
struct MethodTypes {
  std::string request;
  std::string response;
};

/// A method of a service that is described.
struct DescribedMethod {
  std::string path;
  rpc::MethodKind kind = rpc::MethodKind::unary;
  MethodTypes types;
};

/// Files that fit together, with all they import, in a pool of their own: what other modules call by the same names
/// does not matter to them. Immutable, thread-safe.
class DescribedFiles {
 public:
  /// Reads serialized google.protobuf.FileDescriptorSet messages, in any order of their files. A file may be there
  /// twice if it says the same. Files of google/protobuf/ that are imported but missing are added. They are a guest's:
  /// nothing of them is trusted.
  [[nodiscard]] static Result<std::shared_ptr<const DescribedFiles>> parse(std::span<const std::string> sets);

  DescribedFiles(const DescribedFiles&) = delete;
  DescribedFiles& operator=(const DescribedFiles&) = delete;

  [[nodiscard]] const google::protobuf::DescriptorPool& pool() const noexcept { return pool_; }
  /// Each before those that import it.
  [[nodiscard]] const std::vector<const google::protobuf::FileDescriptor*>& files() const noexcept { return files_; }
  /// A file of this pool as it was given, serialized.
  [[nodiscard]] const std::string& bytes(const google::protobuf::FileDescriptor* file) const { return bytes_.at(file); }
  /// That file and all it imports, directly or not, serialized; itself first.
  [[nodiscard]] std::vector<std::string_view> with_imports(const google::protobuf::FileDescriptor* file) const;

  /// Fails where the service of the method is described and the method is not, or as one of another kind.
  [[nodiscard]] Result<> check(std::string_view path, rpc::MethodKind kind) const;
  /// The methods of all services in the files.
  [[nodiscard]] std::vector<DescribedMethod> methods() const;
  /// Empty where the method is not described.
  [[nodiscard]] MethodTypes types(std::string_view path) const;

 private:
  DescribedFiles() = default;

  [[nodiscard]] Result<> add(const google::protobuf::FileDescriptorProto& file, std::string bytes);
  [[nodiscard]] const google::protobuf::MethodDescriptor* find(std::string_view path) const;

  google::protobuf::DescriptorPool pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
  std::unordered_map<const google::protobuf::FileDescriptor*, std::string> bytes_;
};

/// How many messages go each way by the description of the method.
[[nodiscard]] rpc::MethodKind kind_of(const google::protobuf::MethodDescriptor& method) noexcept;

}  // namespace wasm_grpc::services
