// How things of a .proto are called in C++.
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasm_grpc::protoc {

/// What ends the names that only generated code has: parameters, what is local to a function or a source. No name of a
/// .proto keeps it.
inline constexpr std::string_view own_ending = "_wg";

/// The name itself, with a '_' after it where it is a keyword of C++, a macro of the C library, or one of ours.
[[nodiscard]] std::string identifier(std::string_view name);

/// The namespace of a package within `outer`, "a::b"; empty for the global one.
[[nodiscard]] std::string namespace_of(std::string_view package, std::string_view outer = {});
/// The class of the service `name` of a package.
[[nodiscard]] std::string service_class(std::string_view package, std::string_view name);

/// "dir/file.proto" with `ending` in the place of ".proto".
[[nodiscard]] std::string output_file(const google::protobuf::FileDescriptor& file, std::string_view ending);

/// Names by the options the plugin was given.
class Names {
 public:
  /// `outer` is the namespace around all others, "a::b"; none when it is empty.
  explicit Names(std::string outer) : outer_(std::move(outer)) {}

  /// The namespace of the file's package, "a::b"; empty for the global one.
  [[nodiscard]] std::string space(const google::protobuf::FileDescriptor& file) const;
  /// Within its namespace. A message in a message is Outer_Inner.
  [[nodiscard]] static std::string type(const google::protobuf::Descriptor& message);
  [[nodiscard]] static std::string type(const google::protobuf::EnumDescriptor& enumeration);
  [[nodiscard]] static std::string type(const google::protobuf::ServiceDescriptor& service);
  /// From anywhere: "::a::b::Outer_Inner".
  template <typename Descriptor>
  [[nodiscard]] std::string qualified(const Descriptor& descriptor) const {
    const std::string in = space(*descriptor.file());
    return (in.empty() ? "" : "::" + in) + "::" + type(descriptor);
  }

 private:
  std::string outer_;
};

/// What the methods of a service are called in its class, in the order of the .proto.
[[nodiscard]] std::vector<std::string> method_names(const google::protobuf::ServiceDescriptor& service);

/// The names taken in one struct or class.
class Scope {
 public:
  /// The names that are taken from the start.
  explicit Scope(std::set<std::string> taken) : taken_(std::move(taken)) {}
  /// The name, with as many '_' after it as it takes to be the only one.
  [[nodiscard]] std::string take(std::string name);

 private:
  std::set<std::string> taken_;
};

}  // namespace wasm_grpc::protoc
