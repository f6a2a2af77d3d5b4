#include "rpc/method_table.h"

#include <utility>

namespace wasm_grpc::rpc {

Result<> MethodTable::add(Method method) {
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

const Method* MethodTable::find(std::string_view path) const noexcept {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace wasm_grpc::rpc
