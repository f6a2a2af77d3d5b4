// What a module may import, and a module bound to it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/host_states.h"
#include "wasm/refusals/imports.h"
#include "wasm_grpc/host_function.h"
#include "wasm_grpc/result.h"

struct wasmtime_linker;
struct wasmtime_instance_pre;

namespace wasm_grpc::wasm {

class Engine;
class Module;
struct ImportInfo;

/// A module whose imports are all bound: ready to be instantiated many times, from any thread.
class LinkedModule {
 public:
  LinkedModule(std::shared_ptr<const Module> module, wasmtime_instance_pre* pre);
  ~LinkedModule();
  LinkedModule(const LinkedModule&) = delete;
  LinkedModule& operator=(const LinkedModule&) = delete;

  [[nodiscard]] const Module& module() const noexcept { return *module_; }
  [[nodiscard]] const wasmtime_instance_pre* get() const noexcept { return pre_; }

 private:
  std::shared_ptr<const Module> module_;
  wasmtime_instance_pre* pre_;
};

/// The host functions modules may import. Filled once, then linked against; the functions live as long as the linked
/// modules do.
class Linker {
 public:
  explicit Linker(const Engine& engine);
  ~Linker();
  Linker(const Linker&) = delete;
  Linker& operator=(const Linker&) = delete;

  /// Offers a function. The error says when the name is taken.
  [[nodiscard]] Result<> define(std::string_view module, std::string_view name, HostFunction function);
  /// Offers the functions of a host module, whose number is its place in host_modules(). One that stands in for another
  /// has functions that are offered already.
  [[nodiscard]] Result<> define(HostModule module);
  /// The same, until another function of the same name is defined: for those that embedders may have their own of.
  [[nodiscard]] Result<> define_replaceable(HostModule module);
  [[nodiscard]] const HostModules& host_modules() const noexcept { return host_modules_; }
  /// Offers a function that may call Instance::suspend(). It has at most one result, an i32.
  [[nodiscard]] Result<> define_suspending(std::string_view module, std::string_view name, HostFunction function);
  /// The same for a name that is taken, of a function of another type: modules get the one whose type they import.
  [[nodiscard]] Result<> overload_suspending(std::string_view module, std::string_view name, HostFunction function);

  /// Lets modules import the functions of `module`, which are defined after this, from `alias` too, where they may also
  /// import functions that are not offered: each of those answers `answer`, whatever its parameters are. It must have
  /// one result, an i32 or i64.
  void make_optional(std::string_view module, std::string_view alias, std::int32_t answer);

  /// Binds a module's imports, with `options` to those of host modules that stand in for others. The error names an
  /// import that is not offered, or offered with another type.
  [[nodiscard]] Result<std::shared_ptr<const LinkedModule>> link(std::shared_ptr<const Module> module,
                                                                 const ModuleOptions& options = {}) const;

  /// What is offered, without aliases.
  [[nodiscard]] const OfferedFunctions& functions() const noexcept { return defined_; }

 private:
  struct Optional {
    std::string module;  // whose functions they are
    std::int32_t answer = 0;
  };
  struct Overload {
    std::string type;
    HostFunction function;
  };

  [[nodiscard]] Result<> define(std::string_view module, std::string_view name, HostFunction function,
                                std::size_t host_module);
  [[nodiscard]] Result<> define_async(std::string_view module, std::string_view name, HostFunction function,
                                      std::size_t host_module);
  [[nodiscard]] Result<> check_stand_in(const HostModule& module) const;
  /// What stands in for the function of that name; a number of 0 and no function where nothing does.
  [[nodiscard]] std::pair<const HostFunction*, std::size_t> find_stand_in(const ImportInfo& import,
                                                                          const ModuleOptions& options) const;
  [[nodiscard]] Result<> remember(std::string_view module, std::string_view name, std::string type);
  /// The name of `module` and its aliases.
  [[nodiscard]] std::vector<std::string_view> names_of(std::string_view module) const;
  /// The type of a function that is offered; nullptr when there is none.
  [[nodiscard]] const std::string* find(std::string_view module, std::string_view name) const;
  [[nodiscard]] const Overload* find_overload(const ImportInfo& import) const;
  [[nodiscard]] Error not_offered(const ImportInfo& import) const;

  wasmtime_linker* linker_;
  HostModules host_modules_;
  OfferedFunctions defined_;
  std::set<std::pair<std::string, std::string>> replaceable_;
  std::map<std::string, Optional, std::less<>> optional_;  // by alias
  std::map<std::pair<std::string, std::string>, Overload> overloads_;
};

}  // namespace wasm_grpc::wasm
