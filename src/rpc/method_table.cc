#include "rpc/method_table.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::rpc {

Result<> MethodTable::add(std::unique_ptr<Method> method) {
  if (method->kind == MethodKind::http) return add_http(std::move(method));
  const auto parts = parse_method_path(method->path);
  if (!parts) {
    return Error{"method path \"" + method->path +
                 "\" is not of the form /package.Service/Method (two segments of letters, digits, '_' and '.')"};
  }
  if (method->handler == nullptr) return Error{"method " + method->path + " has no handler"};
  if (by_path_.contains(method->path)) {
    return Error{"method " + method->path + " is already served; each path can have one handler"};
  }
  ++services_[std::string(parts->service)];
  const std::string_view path = method->path;
  by_path_.emplace(path, std::move(method));
  return success();
}

Result<> MethodTable::add_http(std::unique_ptr<Method> method) {
  if (!is_http_prefix(method->path)) {
    return Error{"HTTP path \"" + method->path + "\" is neither \"/\" nor of the form /segment/segment"};
  }
  if (method->handler == nullptr) return Error{"HTTP path " + method->path + " has no handler"};
  const auto same = [&](const std::unique_ptr<Method>& other) { return other->path == method->path; };
  if (std::ranges::any_of(http_, same)) {
    return Error{"HTTP path " + method->path + " is already served; each path can have one handler"};
  }
  const auto shorter = [&](const std::unique_ptr<Method>& other) { return other->path.size() < method->path.size(); };
  http_.insert(std::ranges::find_if(http_, shorter), std::move(method));
  return success();
}

std::unique_ptr<Method> MethodTable::remove(const Method& method) noexcept {
  std::unique_ptr<Method> removed;
  if (method.kind == MethodKind::http) {
    const auto found = std::ranges::find_if(http_, [&](const auto& other) { return other.get() == &method; });
    removed = std::move(*found);
    http_.erase(found);
    return removed;
  }
  const auto found = by_path_.find(method.path);
  removed = std::move(found->second);
  by_path_.erase(found);
  const auto service = services_.find(parse_method_path(method.path)->service);
  if (--service->second == 0) services_.erase(service);
  return removed;
}

const Method* MethodTable::find_http(std::string_view target) const noexcept {
  if (!target.starts_with('/')) return nullptr;
  const std::string_view path = target.substr(0, target.find('?'));
  const auto serves = [&](const std::unique_ptr<Method>& method) {
    const std::string_view prefix = method->path;
    return prefix == "/" || (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/'));
  };
  const auto found = std::ranges::find_if(http_, serves);
  return found == http_.end() ? nullptr : found->get();
}

const Method* MethodTable::find(std::string_view path) const noexcept {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second.get();
}

}  // namespace wasm_grpc::rpc
