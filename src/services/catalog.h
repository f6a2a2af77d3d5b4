// All that the server can say about its services: whose they are, and the files that describe them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/described_files.h"

namespace wasm_grpc::services {

/// Filled, then only read, from any thread: a server that serves other modules has another one.
///
/// Each module has files of its own, and two modules may mean different things by one name. What belongs to a service
/// is looked up in the files of the module that serves it; another name means what the module that came first means by
/// it.
class Catalog {
 public:
  /// A file, and whose it is.
  struct Found {
    const DescribedFiles* files = nullptr;
    const google::protobuf::FileDescriptor* file = nullptr;
  };

  /// Adds a module's services, by their full names, and its files; nullptr when it has none. The same files may be
  /// added with further services. Returns what operators should know: files that clients cannot get by their name, as
  /// another module has others of that name.
  std::vector<std::string> add(std::string_view module, const std::vector<std::string>& service_names,
                               std::shared_ptr<const DescribedFiles> files);

  /// The full names of all services, in order.
  [[nodiscard]] std::vector<std::string> services() const;

  [[nodiscard]] std::optional<Found> file(const std::string& name) const;
  /// The file that declares a message, enum, field, service, method or extension, by its full name.
  [[nodiscard]] std::optional<Found> file_of_symbol(const std::string& name) const;
  [[nodiscard]] std::optional<Found> file_of_extension(const std::string& type, int number) const;
  /// The numbers of all extensions of a message type, in order; nothing when there is no such type.
  [[nodiscard]] std::optional<std::vector<int>> extension_numbers(const std::string& type) const;

 private:
  struct Module {
    std::string name;
    std::shared_ptr<const DescribedFiles> files;
  };
  std::vector<Module> modules_;                                         // those that have files
  std::map<std::string, const DescribedFiles*, std::less<>> services_;  // nullptr: not described
  /// By the names of files: the first of that name, and its place in modules_.
  std::unordered_map<std::string, std::pair<const google::protobuf::FileDescriptor*, std::size_t>> files_;
};

}  // namespace wasm_grpc::services
