// What a server serves at a time: a set of modules and native methods, and all that is told of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "facade/facades.h"
#include "json/types.h"
#include "rpc/method_table.h"
#include "runtime/generations/served_module.h"
#include "services/catalog.h"
#include "services/described_files.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

/// Immutable. What calls refer to is kept apart: it may live longer than the generation.
struct Generation {
  /// Counted from 1; 0 before start().
  std::uint64_t number = 0;
  std::vector<std::shared_ptr<const ServedModule>> modules;
  /// Of modules, and native ones.
  std::vector<MethodInfo> methods;
  std::shared_ptr<const services::Catalog> catalog;
  std::shared_ptr<const facade::Facades> facades;
  /// GET /openapi.json
  std::shared_ptr<const std::string> openapi;

  /// How many instances its modules must have for good, with so many workers.
  [[nodiscard]] std::uint64_t kept_instances(std::size_t workers) const noexcept;
};

/// The methods that every generation of a server has, and what describes them.
struct NativeMethods {
  struct Method {
    MethodInfo info;
    /// nullptr where nothing describes it.
    std::shared_ptr<const services::DescribedFiles> files;
  };
  struct Files {
    std::shared_ptr<const services::DescribedFiles> files;
    std::shared_ptr<const json::Types> types;
  };
  std::vector<Method> methods;
  std::vector<Files> files;

  /// The files that describe the service of a method; nullptr where none do.
  [[nodiscard]] std::shared_ptr<const services::DescribedFiles> describing(std::string_view path) const;
  void add_files(std::shared_ptr<const services::DescribedFiles> described);
};

/// A generation that is being put together.
class GenerationDraft {
 public:
  explicit GenerationDraft(facade::Cors cors = {});

  /// The error says what of the module does not fit what is there; the draft is then of no use any more.
  [[nodiscard]] Result<> add(std::shared_ptr<const ServedModule> module);
  /// Its path, and what reflection tells of it.
  [[nodiscard]] Result<> add(const NativeMethods::Method& method);
  /// What REST and JSON know of all native methods; the files of `native` are those of this draft too.
  [[nodiscard]] Result<> describe(const NativeMethods& native);
  /// Files that reflection tells of.
  void add_files(const std::shared_ptr<const services::DescribedFiles>& files);

  /// True when someone serves the path already.
  [[nodiscard]] bool claims(std::string_view path) const { return paths_.contains(std::string(path)); }
  /// True where a module serves the path by HTTP, or by a rule of REST.
  [[nodiscard]] bool serves_http(std::string_view path) const;
  [[nodiscard]] const Generation& so_far() const noexcept { return generation_; }
  /// What operators should know of what was added, a line for each.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

  /// Of this number. `with_openapi`: the document is made, which takes time.
  [[nodiscard]] std::shared_ptr<const Generation> finish(std::uint64_t number, bool with_openapi) &&;

 private:
  void catalogue(std::string_view module, const std::vector<std::string>& names,
                 const std::shared_ptr<const services::DescribedFiles>& files);
  [[nodiscard]] Result<> claim(const MethodInfo& method);

  Generation generation_;
  services::Catalog catalog_;
  facade::Facades facades_;
  rpc::MethodTable table_;  // knows which paths can be served together
  std::unordered_set<std::string> paths_;
  std::vector<std::string> warnings_;
};

}  // namespace wasm_grpc::runtime
