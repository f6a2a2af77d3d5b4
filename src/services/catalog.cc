#include "services/catalog.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

namespace wasm_grpc::services {

namespace pb = google::protobuf;

namespace {

/// But for comments and positions.
bool say_the_same(const pb::FileDescriptor& one, const pb::FileDescriptor& other) {
  pb::FileDescriptorProto first;
  pb::FileDescriptorProto second;
  one.CopyTo(&first);
  other.CopyTo(&second);
  return first.SerializeAsString() == second.SerializeAsString();
}

std::optional<Catalog::Found> found(const DescribedFiles& files, const pb::FileDescriptor* file) {
  if (file == nullptr) return std::nullopt;
  return Catalog::Found{&files, file};
}

}  // namespace

std::vector<std::string> Catalog::add(std::string_view module, const std::vector<std::string>& service_names,
                                      std::shared_ptr<const DescribedFiles> files) {
  for (const std::string& service : service_names) {
    const bool described = files != nullptr && files->pool().FindServiceByName(service) != nullptr;
    const DescribedFiles*& owner = services_[service];
    if (owner == nullptr && described) owner = files.get();
  }
  std::vector<std::string> warnings;
  const auto same = [&](const Module& known) { return known.files == files; };
  if (files == nullptr || std::any_of(modules_.begin(), modules_.end(), same)) return warnings;
  for (const pb::FileDescriptor* its : files->files()) {
    const auto [known, is_new] = files_.try_emplace(its->name(), its, modules_.size());
    // Every version of protobuf brings its own, and any will do.
    if (is_new || its->name().starts_with("google/protobuf/") || say_the_same(*known->second.first, *its)) continue;
    const std::string& other = modules_[known->second.second].name;
    warnings.push_back("the modules " + other + " and " + std::string(module) + " have different files \"" +
                       its->name() + "\"; clients that ask for it by that name get that of " + other);
  }
  modules_.push_back({std::string(module), std::move(files)});
  return warnings;
}

std::vector<std::string> Catalog::services() const {
  std::vector<std::string> names;
  for (const auto& [name, files] : services_) names.push_back(name);
  return names;
}

std::optional<Catalog::Found> Catalog::file(const std::string& name) const {
  const auto known = files_.find(name);
  if (known == files_.end()) return std::nullopt;
  return found(*modules_[known->second.second].files, known->second.first);
}

std::optional<Catalog::Found> Catalog::file_of_symbol(const std::string& name) const {
  auto owner = services_.find(name);
  if (owner == services_.end()) owner = services_.find(std::string_view(name).substr(0, name.rfind('.')));
  if (owner != services_.end() && owner->second != nullptr) {
    if (auto its = found(*owner->second, owner->second->pool().FindFileContainingSymbol(name))) return its;
  }
  for (const Module& module : modules_) {
    if (auto its = found(*module.files, module.files->pool().FindFileContainingSymbol(name))) return its;
  }
  return std::nullopt;
}

std::optional<Catalog::Found> Catalog::file_of_extension(const std::string& type, int number) const {
  for (const Module& module : modules_) {
    const pb::DescriptorPool& pool = module.files->pool();
    const pb::Descriptor* message = pool.FindMessageTypeByName(type);
    if (message == nullptr) continue;
    const pb::FieldDescriptor* extension = pool.FindExtensionByNumber(message, number);
    if (extension != nullptr) return Found{module.files.get(), extension->file()};
  }
  return std::nullopt;
}

std::optional<std::vector<int>> Catalog::extension_numbers(const std::string& type) const {
  bool known = false;
  std::set<int> numbers;
  for (const Module& module : modules_) {
    const pb::DescriptorPool& pool = module.files->pool();
    const pb::Descriptor* message = pool.FindMessageTypeByName(type);
    if (message == nullptr) continue;
    known = true;
    std::vector<const pb::FieldDescriptor*> extensions;
    pool.FindAllExtensions(message, &extensions);
    for (const pb::FieldDescriptor* extension : extensions) numbers.insert(extension->number());
  }
  if (!known) return std::nullopt;
  return std::vector<int>(numbers.begin(), numbers.end());
}

}  // namespace wasm_grpc::services
