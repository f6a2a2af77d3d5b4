#include "runtime/instances/call_times.h"

#include <algorithm>
#include <set>
#include <string>

#include "text/similar_name.h"

namespace wasm_grpc::runtime {

namespace {

using std::chrono::milliseconds;

bool is_of(const MethodOptions& options, std::string_view path) noexcept {
  return options.path == path || (options.path.ends_with('/') && path.starts_with(options.path));
}

/// What may have been meant by a path that is of no method.
std::string advice(std::string_view path, std::span<const abi::DeclaredMethod> methods) {
  std::vector<std::string_view> known;
  for (const abi::DeclaredMethod& method : methods) {
    const std::string_view its = method.path;
    const std::string_view service = its.substr(0, its.rfind('/') + 1);
    if (path.ends_with('/') && (known.empty() || known.back() != service)) known.push_back(service);
    if (!path.ends_with('/')) known.push_back(its);
  }
  if (const auto similar = text::similar_name(path, known)) return "did you mean \"" + std::string(*similar) + "\"?";
  return "expected such as \"" + std::string(known.front()) + "\"";
}

Result<> check(const MethodOptions& options, std::span<const abi::DeclaredMethod> methods) {
  const std::string what = "its options for the method \"" + options.path + "\"";
  if (!options.path.starts_with('/')) {
    return Error{what + " are of no path; expected one such as \"/package.Service/Method\" or \"/package.Service/\""};
  }
  if (options.max_call_time.value_or(milliseconds(0)).count() < 0) {
    return Error{what + ": its calls may take " + std::to_string(options.max_call_time->count()) +
                 " ms; expected 0 or more"};
  }
  const auto is_it = [&](const abi::DeclaredMethod& method) { return is_of(options, method.path); };
  if (std::ranges::any_of(methods, is_it)) return success();
  return Error{what + " are of none that it has; " + advice(options.path, methods)};
}

}  // namespace

Result<CallTimes> CallTimes::create(const ModuleOptions& options, std::span<const abi::DeclaredMethod> methods) {
  if (options.max_call_time.value_or(milliseconds(0)).count() < 0) {
    return Error{"its calls may take " + std::to_string(options.max_call_time->count()) + " ms; expected 0 or more"};
  }
  CallTimes times;
  times.of_module_ = options.max_call_time;
  std::set<std::string_view> paths;
  for (const MethodOptions& method : options.methods) {
    if (auto sound = check(method, methods); !sound.ok()) return std::move(sound).error();
    if (!paths.insert(method.path).second) {
      return Error{"it has options for the method \"" + method.path + "\" twice"};
    }
    if (method.max_call_time) times.methods_.push_back(method);
  }
  return times;
}

std::optional<milliseconds> CallTimes::of(std::string_view path) const noexcept {
  const MethodOptions* nearest = nullptr;
  for (const MethodOptions& method : methods_) {
    if (!is_of(method, path)) continue;
    if (nearest == nullptr || method.path.size() > nearest->path.size()) nearest = &method;
  }
  return nearest != nullptr ? nearest->max_call_time : of_module_;
}

}  // namespace wasm_grpc::runtime
