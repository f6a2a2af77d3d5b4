#include "runtime/generations/broken_callers.h"

#include <algorithm>
#include <cstddef>
#include <set>

namespace wasm_grpc::runtime {

namespace {

services::KnownMethod known(const ServedModule& module, const MethodInfo& method) {
  return {method.path, method.kind, module.guest->described().get()};
}

}  // namespace

ServedMethods::ServedMethods(const Generation& generation) {
  for (const auto& module : generation.modules) {
    for (const MethodInfo& method : module->methods) by_path_.emplace(method.path, known(*module, method));
  }
}

std::vector<std::string> ServedMethods::broken_callers(const ServedModule& before) const {
  constexpr std::size_t most = 20;
  std::vector<std::string> lines;
  std::set<std::string> said;  // methods share their messages
  for (const MethodInfo& method : before.methods) {
    const auto found = by_path_.find(method.path);
    for (std::string& line :
         services::breaking_changes(known(before, method), found == by_path_.end() ? nullptr : &found->second)) {
      if (said.insert(line).second) lines.push_back(std::move(line));
    }
  }
  if (lines.size() > most) {
    const std::size_t more = lines.size() - most;
    lines.resize(most);
    lines.push_back("and " + std::to_string(more) + " more");
  }
  return lines;
}

}  // namespace wasm_grpc::runtime
