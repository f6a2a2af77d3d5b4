// A named module of host functions that guests import, with what it keeps for them.
//
//   struct Visits { std::atomic<std::int64_t> count; };
//
//   HostModule visits("visits");
//   visits.module_state<Visits>([](const ModuleOptions&) { return std::make_shared<Visits>(); })
//       .function("count", [](ModuleState<Visits> visits) -> std::int64_t { return ++visits->count; })
//       .function("lookup", [&pool](Completion<std::int32_t> done, std::string_view name) {
//         pool.post([done, name = std::string(name)] { done.complete(search(name)); });
//       });
//   server.add_host_module(std::move(visits));
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "wasm_grpc/host_function.h"
#include "wasm_grpc/options.h"

namespace wasm_grpc {

/// Made, filled and given to a server by one thread. Its functions may then be called on several workers at once, and
/// live as long as the server does.
class HostModule {
 public:
  /// `name` is what guests import from. By convention it ends in the version of what the functions do, as in "sql_1".
  explicit HostModule(std::string name) : name_(std::move(name)) {}

  /// Each guest module that imports anything from this one gets a T of its own, which all its instances share on all
  /// workers. `make` is called when the module is added to the server; what it throws is the error of that. A module
  /// that takes the place of one of its name gets the T of that. The T lives until its module is no longer served, or
  /// longer where the embedder keeps it. It must be thread-safe.
  template <typename T>
  HostModule& module_state(std::function<std::shared_ptr<T>(const ModuleOptions& module)> make) {
    module_state_type_ = &typeid(T);
    make_module_state_ = std::move(make);
    return *this;
  }
  /// Each instance gets a T of its own, made when it first calls a function that takes it, on the worker that runs it,
  /// and destroyed right after the instance: where instances serve one call after the other, it does too; with fresh
  /// instances it is of one call. It moves between threads with its instance, and is used by one at a time. What `make`
  /// throws traps the guest.
  template <typename T>
  HostModule& instance_state(std::function<std::shared_ptr<T>()> make = [] { return std::make_shared<T>(); }) {
    instance_state_type_ = &typeid(T);
    make_instance_state_ = std::move(make);
    return *this;
  }

  /// Offers `callable` as the function `name`; host_function.h says what it may take and return.
  template <typename F>
  HostModule& function(std::string name, F callable) {
    functions_.push_back({std::move(name), host_function(std::move(callable))});
    return *this;
  }

  /// Guest modules that import from this one must export a function `name` that takes nothing and returns an i32. It is
  /// called once in each instance, at the end of its start, and `callable` with what it returned, as a host function
  /// with that one parameter and no result. A trap in either fails the start.
  template <typename F>
  HostModule& at_start(std::string name, F callable) {
    at_start_.push_back({std::move(name), host_function(std::move(callable))});
    return *this;
  }

  /// Has this module take the place of the one of its name that was given to the server before it, for the guest
  /// modules of which `holds` is true. It has functions of the same names and types.
  HostModule& instead_when(std::function<bool(const ModuleOptions& module)> holds) {
    instead_when_ = std::move(holds);
    return *this;
  }

  // ---- For the server ----

  struct Named {
    std::string name;
    HostFunction function;
  };
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<Named>& functions() const noexcept { return functions_; }
  [[nodiscard]] const std::vector<Named>& start_functions() const noexcept { return at_start_; }
  /// Fails when a function takes a state that is not kept, or suspends where it may not.
  [[nodiscard]] Result<> check() const;
  /// Whether it stands in for another, and whether it does so for that guest module.
  [[nodiscard]] bool stands_in() const noexcept { return instead_when_ != nullptr; }
  [[nodiscard]] bool stands_in_for(const ModuleOptions& module) const { return stands_in() && instead_when_(module); }
  /// Null where there is none.
  [[nodiscard]] std::shared_ptr<void> make_module_state(const ModuleOptions& module) const;
  [[nodiscard]] std::shared_ptr<void> make_instance_state() const;

 private:
  std::string name_;
  std::vector<Named> functions_;
  std::vector<Named> at_start_;
  std::function<bool(const ModuleOptions&)> instead_when_;
  const std::type_info* module_state_type_ = nullptr;
  const std::type_info* instance_state_type_ = nullptr;
  std::function<std::shared_ptr<void>(const ModuleOptions&)> make_module_state_;
  std::function<std::shared_ptr<void>()> make_instance_state_;
};

}  // namespace wasm_grpc
