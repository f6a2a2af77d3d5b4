// The services of library.proto, as a module brings them: with options that nobody here knows the type of.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "facade/rest/routes.h"
#include "json/types.h"
#include "services/described_files.h"

namespace wasm_grpc::facade::rest::test {

extern const std::string_view library_descriptors;

class Library {
 public:
  Library() {
    const std::string sets[] = {std::string(library_descriptors)};
    auto parsed = services::DescribedFiles::parse(sets);
    if (!parsed.ok()) throw std::runtime_error(parsed.error().message);
    files_ = std::move(parsed).value();
    types_ = std::make_unique<json::Types>(files_->files());
  }

  [[nodiscard]] const json::Types& types() const { return *types_; }
  [[nodiscard]] const google::protobuf::ServiceDescriptor& service(const std::string& name) const {
    return *files_->pool().FindServiceByName("library." + name);
  }
  /// Adds the rules of all methods of a service; the first error, or nothing.
  std::string add(Routes& routes, const std::string& name, std::string_view module = "library.wasm") const {
    const auto& methods = service(name);
    for (int i = 0; i < methods.method_count(); ++i) {
      if (auto added = routes.add(*methods.method(i), module, *types_); !added.ok()) return added.error().message;
    }
    return "";
  }

 private:
  std::shared_ptr<const services::DescribedFiles> files_;
  std::unique_ptr<json::Types> types_;
};

}  // namespace wasm_grpc::facade::rest::test
