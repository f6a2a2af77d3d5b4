#include "runtime/instances/module_info.h"

#include <algorithm>
#include <set>

#include "abi/abi.h"
#include "runtime/instances/guest_module.h"
#include "wasm/engine.h"
#include "wasm/module.h"

namespace wasm_grpc::runtime {

namespace {

/// All but the methods.
ModuleInfo describe_outside(const wasm::Module& module, const abi::Abi& abi, const wasm::EngineOptions& engine) {
  constexpr std::uint64_t page = 64 * 1024;
  ModuleInfo info;
  info.name = module.name();
  info.abi = abi.name();
  info.size = module.size();
  for (const wasm::ImportInfo& import : module.imports())
    info.imports.push_back({import.module, import.name, import.type});
  if (module.memory()) {
    info.memory_minimum_bytes = module.memory()->minimum_pages * page;
    info.memory_maximum_bytes = engine.max_memory_bytes;
    if (module.memory()->maximum_pages) {
      info.memory_maximum_bytes = std::min(info.memory_maximum_bytes, *module.memory()->maximum_pages * page);
    }
  }
  const std::string_view descriptors = module.custom_section(abi::descriptors_section);
  info.descriptor_bytes = descriptors.size();
  if (!descriptors.empty()) info.descriptors.emplace_back(descriptors);
  info.features = abi.features(module);
  info.warnings = abi.warnings(module);
  return info;
}

MethodStyle style_of(const abi::DeclaredMethod& method) {
  return method.style == abi::Style::events ? MethodStyle::events : MethodStyle::handler;
}

InstancePlacement placement_of(const abi::Declaration& declaration) {
  switch (declaration.placement) {
    case abi::Placement::worker:
      return InstancePlacement::worker;
    case abi::Placement::process:
      return InstancePlacement::process;
    case abi::Placement::key:
      return InstancePlacement::key;
  }
  return InstancePlacement::worker;
}

}  // namespace

std::vector<std::string> service_names(std::span<const MethodInfo> methods) {
  std::set<std::string> names;
  for (const MethodInfo& method : methods) {
    if (method.kind != rpc::MethodKind::http) names.emplace(rpc::parse_method_path(method.path)->service);
  }
  return {names.begin(), names.end()};
}

ModuleInfo describe(const GuestModule& guest, const wasm::EngineOptions& engine) {
  ModuleInfo info = describe_outside(guest.linked().module(), guest.abi(), engine);
  for (const abi::DeclaredMethod& method : guest.declaration().methods) {
    const auto types = guest.described() ? guest.described()->types(method.path) : services::MethodTypes();
    info.methods.push_back({method.path, method.kind, types.request, types.response, style_of(method)});
    if (method.style == abi::Style::events) info.placement = placement_of(guest.declaration());
  }
  info.needed_targets = guest.needed_targets();
  if (info.placement) info.placement_key = guest.declaration().placement_key;
  if (guest.declaration().descriptors.empty()) return info;
  info.descriptors = guest.declaration().descriptors;
  info.descriptor_bytes = 0;
  for (const std::string& descriptors : info.descriptors) info.descriptor_bytes += descriptors.size();
  return info;
}

Result<ModuleInfo> inspect(const wasm::Engine& engine, std::string name, std::span<const std::byte> bytes,
                           const wasm::CodeCache* cache) {
  auto module = wasm::Module::compile(engine, std::move(name), bytes, cache);
  if (!module.ok()) return std::move(module).error();
  const auto abi = abi::detect(*module.value());
  if (!abi.ok()) return abi.error();
  const auto files = described_by_section(*module.value());
  if (!files.ok()) return files.error();
  ModuleInfo info = describe_outside(*module.value(), *abi.value(), engine.options());
  if (files.value() == nullptr) return info;
  for (const services::DescribedMethod& method : files.value()->methods()) {
    info.methods.push_back({method.path, method.kind, method.types.request, method.types.response});
  }
  return info;
}

}  // namespace wasm_grpc::runtime
