#include "runtime/generations/generation.h"

#include <algorithm>
#include <utility>

#include "runtime/instances/module_info.h"
#include "runtime/openapi_document.h"
#include "services/builtin.h"

namespace wasm_grpc::runtime {

namespace {

/// What stands in a table for whatever will serve a method.
rpc::Handler* nobody() {
  class Nobody final : public rpc::Handler {
    void start(rpc::Call&) noexcept override {}
  };
  static Nobody handler;  // without a state
  return &handler;
}

std::vector<std::string> paths_of(std::span<const MethodInfo> methods) {
  std::vector<std::string> paths;
  for (const MethodInfo& method : methods) paths.push_back(method.path);
  return paths;
}

}  // namespace

std::uint64_t Generation::kept_instances(std::size_t workers) const noexcept {
  std::uint64_t kept = 0;
  for (const auto& module : modules) kept += module->guest->kept_instances(workers);
  return kept;
}

std::shared_ptr<const services::DescribedFiles> NativeMethods::describing(std::string_view path) const {
  const auto parts = rpc::parse_method_path(path);
  if (!parts) return nullptr;
  const std::string service(parts->service);
  const auto found = std::find_if(files.begin(), files.end(), [&](const Files& known) {
    return known.files->pool().FindServiceByName(service) != nullptr;
  });
  return found == files.end() ? nullptr : found->files;
}

void NativeMethods::add_files(std::shared_ptr<const services::DescribedFiles> described) {
  auto types = std::make_shared<const json::Types>(described->files());
  files.push_back({std::move(described), std::move(types)});
}

GenerationDraft::GenerationDraft(facade::Cors cors) { facades_.cors = std::move(cors); }

void GenerationDraft::catalogue(std::string_view module, const std::vector<std::string>& names,
                                const std::shared_ptr<const services::DescribedFiles>& files) {
  for (std::string& warning : catalog_.add(module, names, files)) warnings_.push_back(std::move(warning));
}

Result<> GenerationDraft::claim(const MethodInfo& method) {
  if (auto added = table_.add({method.path, method.kind, nobody(), {}}); !added.ok()) return added;
  paths_.insert(method.path);
  generation_.methods.push_back(method);
  return success();
}

Result<> GenerationDraft::add(std::shared_ptr<const ServedModule> module) {
  for (const MethodInfo& method : module->methods) {
    if (claims(method.path)) return Error{"it declares the method " + method.path + ", which is served already"};
  }
  if (const auto& files = module->guest->described(); files != nullptr) {
    const auto added = facades_.add(module->name(), files->files(), paths_of(module->methods), module->types);
    if (!added.ok()) return added;
  }
  for (const MethodInfo& method : module->methods) {
    if (auto claimed = claim(method); !claimed.ok()) return claimed;
  }
  catalogue(module->name(), module->services, module->guest->described());
  generation_.modules.push_back(std::move(module));
  return success();
}

Result<> GenerationDraft::add(const NativeMethods::Method& method) {
  if (claims(method.info.path)) return Error{"the method " + method.info.path + " is served already"};
  if (auto claimed = claim(method.info); !claimed.ok()) return claimed;
  const std::vector<std::string> service = service_names({&method.info, 1});
  if (!service.empty()) catalogue("host", service, method.files);
  return success();
}

Result<> GenerationDraft::describe(const NativeMethods& native) {
  std::vector<std::string> paths;
  for (const NativeMethods::Method& method : native.methods) paths.push_back(method.info.path);
  for (const NativeMethods::Files& known : native.files) {
    if (auto added = facades_.add("host", known.files->files(), paths, known.types); !added.ok()) return added;
  }
  return success();
}

void GenerationDraft::add_files(const std::shared_ptr<const services::DescribedFiles>& files) {
  catalogue("host", {}, files);
}

bool GenerationDraft::serves_http(std::string_view path) const {
  return table_.find_http(path) != nullptr || facades_.routes.find("GET", path).rule != nullptr;
}

std::shared_ptr<const Generation> GenerationDraft::finish(std::uint64_t number, bool with_openapi) && {
  generation_.number = number;
  if (with_openapi) {
    generation_.openapi = std::make_shared<const std::string>(openapi_document(generation_.modules));
  }
  generation_.catalog = std::make_shared<const services::Catalog>(std::move(catalog_));
  generation_.facades = std::make_shared<const facade::Facades>(std::move(facades_));
  return std::make_shared<const Generation>(std::move(generation_));
}

}  // namespace wasm_grpc::runtime
