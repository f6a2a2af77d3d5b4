#include "rpc/method_table.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::rpc {

Result<> MethodTable::add(Method method) {
  if (method.kind == MethodKind::http) return add_http(std::move(method));
  if (!parse_method_path(method.path)) {
    return Error{"method path \"" + method.path +
                 "\" is not of the form /package.Service/Method (two segments of letters, digits, '_' and '.')"};
  }
  if (method.handler == nullptr) return Error{"method " + method.path + " has no handler"};
  if (by_path_.contains(method.path)) {
    return Error{"method " + method.path + " is already served; each path can have one handler"};
  }
  const Method& added = methods_.emplace_back(std::move(method));
  by_path_.emplace(added.path, &added);
  services_.insert(parse_method_path(added.path)->service);
  return success();
}

Result<> MethodTable::add_http(Method method) {
  if (!is_http_prefix(method.path)) {
    return Error{"HTTP path \"" + method.path + "\" is neither \"/\" nor of the form /segment/segment"};
  }
  if (method.handler == nullptr) return Error{"HTTP path " + method.path + " has no handler"};
  const auto same = [&](const Method* other) { return other->path == method.path; };
  if (std::ranges::any_of(http_, same)) {
    return Error{"HTTP path " + method.path + " is already served; each path can have one handler"};
  }
  const Method& added = methods_.emplace_back(std::move(method));
  const auto shorter = [&](const Method* other) { return other->path.size() < added.path.size(); };
  http_.insert(std::ranges::find_if(http_, shorter), &added);
  return success();
}

const Method* MethodTable::find_http(std::string_view target) const noexcept {
  if (!target.starts_with('/')) return nullptr;
  const std::string_view path = target.substr(0, target.find('?'));
  const auto serves = [&](const Method* method) {
    const std::string_view prefix = method->path;
    return prefix == "/" || (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/'));
  };
  const auto found = std::ranges::find_if(http_, serves);
  return found == http_.end() ? nullptr : *found;
}

const Method* MethodTable::find(std::string_view path) const noexcept {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace wasm_grpc::rpc
