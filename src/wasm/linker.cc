#include "wasm/linker.h"

#include <wasmtime.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "wasm/engine.h"
#include "wasm/failure.h"
#include "wasm/guest_text.h"
#include "wasm/instance.h"
#include "wasm/module.h"
#include "wasm/types.h"
#include "wasm/values.h"

namespace wasm_grpc::wasm {

namespace {

static_assert(sizeof(RawValue) == sizeof(wasmtime_val_raw_t) && alignof(RawValue) <= 8);

constexpr std::size_t max_values = 16;

/// A function of the host module with this number, if it is of one.
struct DefinedFunction {
  HostFunction function;
  std::size_t host_module = 0;
};

/// Runs a host function for the guest. Null, or the trap to raise.
wasm_trap_t* run(const DefinedFunction& defined, InstanceCaller& caller, RawValue* values) noexcept {
  caller.invoke(defined.function, defined.host_module, values);
  if (!caller.trapped()) return nullptr;
  return wasmtime_trap_new(caller.trap_message().data(), caller.trap_message().size());
}

wasm_trap_t* call_host(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
  InstanceCaller instance_caller(caller);
  return run(*static_cast<const DefinedFunction*>(env), instance_caller, reinterpret_cast<RawValue*>(values));
}

void call_suspending_host(void* env, wasmtime_caller_t* caller, const wasmtime_val_t* arguments,
                          std::size_t argument_count, wasmtime_val_t* results, std::size_t result_count,
                          wasm_trap_t** trap, wasmtime_async_continuation_t* continuation) {
  const auto& defined = *static_cast<const DefinedFunction*>(env);
  const HostFunction& function = defined.function;
  InstanceCaller instance_caller(caller);
  std::array<RawValue, max_values> values;
  values[0].i64 = 0;  // the result of one that suspends
  for (std::size_t i = 0; i < argument_count; ++i) values[i] = read_value(arguments[i]);
  *trap = run(defined, instance_caller, values.data());
  wasmtime_val_t* const result = result_count == 1 ? &results[0] : nullptr;
  if (result != nullptr) {
    result->kind = value_kinds[static_cast<std::size_t>(function.results[0])];
    write_value(values[0], *result);
  }
  if (*trap != nullptr) instance_caller.instance().cancel_suspension();
  continuation->env = &instance_caller.instance();
  continuation->callback = [](void* instance) { return static_cast<Instance*>(instance)->resolve_suspension(); };
  continuation->finalizer = nullptr;
  instance_caller.instance().set_suspension_result(result, trap);
}

wasm_valtype_vec_t types_of(const std::vector<ValueType>& types) {
  wasm_valtype_vec_t out;
  wasm_valtype_vec_new_uninitialized(&out, types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    static constexpr std::array<wasm_valkind_t, 4> kinds = {WASM_I32, WASM_I64, WASM_F32, WASM_F64};
    out.data[i] = wasm_valtype_new(kinds[static_cast<std::size_t>(types[i])]);
  }
  return out;
}

struct FunctionType {
  explicit FunctionType(const HostFunction& function) {
    wasm_valtype_vec_t parameters = types_of(function.parameters);
    wasm_valtype_vec_t results = types_of(function.results);
    type = wasm_functype_new(&parameters, &results);
  }
  ~FunctionType() { wasm_functype_delete(type); }
  FunctionType(const FunctionType&) = delete;
  FunctionType& operator=(const FunctionType&) = delete;
  wasm_functype_t* type;
};

void delete_function(void* env) { delete static_cast<DefinedFunction*>(env); }

// More would be an attempt to have the host make many.
constexpr std::size_t max_stubs = 1000;

Result<> add_plain(wasmtime_linker_t* linker, std::string_view module, std::string_view name,
                   const HostFunction& function, std::size_t host_module) {
  const FunctionType type(function);
  wasmtime_error_t* error =
      wasmtime_linker_define_func_unchecked(linker, module.data(), module.size(), name.data(), name.size(), type.type,
                                            call_host, new DefinedFunction{function, host_module}, delete_function);
  if (error != nullptr) return Error{take_message(error)};
  return success();
}

struct LinkerDeleter {
  void operator()(wasmtime_linker_t* linker) const noexcept { wasmtime_linker_delete(linker); }
};
using UniqueLinker = std::unique_ptr<wasmtime_linker_t, LinkerDeleter>;

Result<> add_async(wasmtime_linker_t* linker, std::string_view module, std::string_view name,
                   const HostFunction& function, std::size_t host_module) {
  const FunctionType type(function);
  wasmtime_error_t* error = wasmtime_linker_define_async_func(
      linker, module.data(), module.size(), name.data(), name.size(), type.type, call_suspending_host,
      new DefinedFunction{function, host_module}, delete_function);
  if (error != nullptr) return Error{take_message(error)};
  return success();
}

/// A function that answers the same number whatever it is given; nothing when its type has not one result, an integer.
std::optional<HostFunction> make_stub(const wasm_functype_t* type, std::int32_t answer) {
  const std::vector<ValueKind> results = result_kinds(type);
  if (results == std::vector{ValueKind::i32}) {
    return HostFunction{{}, {}, [answer](Caller&, RawValue* values) { values[0].i32 = answer; }};
  }
  if (results == std::vector{ValueKind::i64}) {
    return HostFunction{{}, {}, [answer](Caller&, RawValue* values) { values[0].i64 = answer; }};
  }
  return std::nullopt;
}

struct ImportTypes {
  explicit ImportTypes(const Module& module) { wasmtime_module_imports(module.get(), &types); }
  ~ImportTypes() { wasm_importtype_vec_delete(&types); }
  ImportTypes(const ImportTypes&) = delete;
  ImportTypes& operator=(const ImportTypes&) = delete;
  [[nodiscard]] const wasm_functype_t* function(std::size_t index) const {
    return wasm_externtype_as_functype_const(wasm_importtype_type(types.data[index]));
  }
  wasm_importtype_vec_t types;
};

/// The kind, the name and the type of an import, such as: the function "env.add" (i32) -> i32
std::string described(const ImportInfo& import) {
  const std::string type = import.type.empty() ? "" : " " + printable(import.type, most_of_name);
  return "the " + std::string(wasm::name(import.kind)) + " " + quoted(import) + type;
}

bool has_stand_in(const HostModules& host_modules, const std::string& module, const ModuleOptions& options) {
  return std::any_of(host_modules.begin(), host_modules.end(), [&](const auto& host_module) {
    return host_module->name() == module && host_module->stands_in_for(options);
  });
}

}  // namespace

LinkedModule::LinkedModule(std::shared_ptr<const Module> module, wasmtime_instance_pre* pre)
    : module_(std::move(module)), pre_(pre) {}

LinkedModule::~LinkedModule() { wasmtime_instance_pre_delete(pre_); }

Linker::Linker(const Engine& engine) : linker_(wasmtime_linker_new(engine.get())) {
  wasmtime_linker_allow_shadowing(linker_, true);  // remember() says what may be
}

Linker::~Linker() { wasmtime_linker_delete(linker_); }

Result<> Linker::remember(std::string_view module, std::string_view name, std::string type) {
  auto entry = defined_.find(module);
  if (entry == defined_.end()) entry = defined_.emplace(std::string(module), OfferedFunctions::mapped_type()).first;
  const bool replaces = replaceable_.erase({std::string(module), std::string(name)}) > 0;
  if (!replaces && entry->second.contains(name)) {
    return Error{"the host function \"" + std::string(module) + "." + std::string(name) + "\" is defined twice"};
  }
  entry->second.insert_or_assign(std::string(name), std::move(type));
  return success();
}

void Linker::make_optional(std::string_view module, std::string_view alias, std::int32_t answer) {
  optional_.emplace(std::string(alias), Optional{std::string(module), answer});
}

std::vector<std::string_view> Linker::names_of(std::string_view module) const {
  std::vector<std::string_view> names = {module};
  for (const auto& [alias, optional] : optional_) {
    if (optional.module == module) names.push_back(alias);
  }
  return names;
}

const std::string* Linker::find(std::string_view module, std::string_view name) const {
  const auto known = defined_.find(module);
  if (known == defined_.end()) return nullptr;
  const auto function = known->second.find(name);
  return function == known->second.end() ? nullptr : &function->second;
}

Result<> Linker::define(std::string_view module, std::string_view name, HostFunction function) {
  return define(module, name, std::move(function), 0);
}

Result<> Linker::define(HostModule module) {
  if (auto sound = module.check(); !sound.ok()) return sound;
  const std::size_t number = host_modules_.size();
  if (module.stands_in()) {
    if (auto fits = check_stand_in(module); !fits.ok()) return fits;
    host_modules_.push_back(std::make_shared<const HostModule>(std::move(module)));
    return success();
  }
  for (const HostModule::Named& named : module.functions()) {
    if (auto defined = define(module.name(), named.name, named.function, number); !defined.ok()) return defined;
  }
  host_modules_.push_back(std::make_shared<const HostModule>(std::move(module)));
  return success();
}

Result<> Linker::check_stand_in(const HostModule& module) const {
  for (const HostModule::Named& named : module.functions()) {
    const std::string* const offered = find(module.name(), named.name);
    const FunctionType type(named.function);
    if (offered == nullptr || *offered != type_text(type.type)) {
      return Error{"the host function \"" + module.name() + "." + named.name +
                   "\" stands in for none of its name and type"};
    }
  }
  return success();
}

std::pair<const HostFunction*, std::size_t> Linker::find_stand_in(const ImportInfo& import,
                                                                  const ModuleOptions& options) const {
  for (std::size_t i = 0; i < host_modules_.size(); ++i) {
    const HostModule& host_module = *host_modules_[i];
    if (host_module.name() != import.module || !host_module.stands_in_for(options)) continue;
    for (const HostModule::Named& named : host_module.functions()) {
      if (named.name == import.name) return {&named.function, i};
    }
  }
  return {nullptr, 0};
}

Result<> Linker::define_replaceable(HostModule module) {
  if (auto done = define(std::move(module)); !done.ok()) return done;
  for (const HostModule::Named& named : host_modules_.back()->functions()) {
    replaceable_.emplace(host_modules_.back()->name(), named.name);
  }
  return success();
}

Result<> Linker::define(std::string_view module, std::string_view name, HostFunction function,
                        std::size_t host_module) {
  if (function.suspends) return define_async(module, name, std::move(function), host_module);
  const FunctionType type(function);
  if (auto added = remember(module, name, type_text(type.type)); !added.ok()) return added;
  for (const std::string_view place : names_of(module)) {
    if (auto added = add_plain(linker_, place, name, function, host_module); !added.ok()) return added;
  }
  return success();
}

Result<> Linker::define_suspending(std::string_view module, std::string_view name, HostFunction function) {
  if (function.results.size() == 1 && function.results[0] != ValueType::i32) {
    return Error{"the suspending host function \"" + std::string(module) + "." + std::string(name) +
                 "\" has another result than an i32"};
  }
  return define_async(module, name, std::move(function), 0);
}

Result<> Linker::define_async(std::string_view module, std::string_view name, HostFunction function,
                              std::size_t host_module) {
  if (function.parameters.size() > max_values || function.results.size() > 1) {
    return Error{"the suspending host function \"" + std::string(module) + "." + std::string(name) +
                 "\" has more than " + std::to_string(max_values) + " parameters, or more than one result"};
  }
  const FunctionType type(function);
  if (auto added = remember(module, name, type_text(type.type)); !added.ok()) return added;
  for (const std::string_view place : names_of(module)) {
    if (auto added = add_async(linker_, place, name, function, host_module); !added.ok()) return added;
  }
  return success();
}

Result<> Linker::overload_suspending(std::string_view module, std::string_view name, HostFunction function) {
  const std::string full_name = "\"" + std::string(module) + "." + std::string(name) + "\"";
  const std::string* const taken = find(module, name);
  const FunctionType type(function);
  std::string text = type_text(type.type);
  if (taken == nullptr || *taken == text) {
    return Error{"no host function " + full_name + " is defined that has another type than " + text};
  }
  const bool added =
      overloads_.try_emplace({std::string(module), std::string(name)}, std::move(text), std::move(function)).second;
  return added ? success() : Result<>(Error{"the host function " + full_name + " has two other types"});
}

const Linker::Overload* Linker::find_overload(const ImportInfo& import) const {
  const auto found = overloads_.find({import.module, import.name});
  return found == overloads_.end() ? nullptr : &found->second;
}

Error Linker::not_offered(const ImportInfo& import) const {
  std::string hint;
  const auto advice = build_advice(import);
  if (const auto similar = similar_function(import, defined_)) {
    hint = "; did you mean " + *similar + "?";
  } else if (advice) {
    hint = "; " + std::string(*advice);
  } else if (names_of(import.module).size() > 1) {
    hint = "; a newer one may";
  } else if (!defined_.contains(import.module) && !optional_.contains(import.module)) {
    for (const auto& [known_module, functions] : defined_) hint += (hint.empty() ? "" : ", ") + known_module;
    hint = " (it knows the import modules " + hint + ")";
  }
  return Error{"it imports the " + std::string(wasm::name(import.kind)) + " " + quoted(import) +
               ", which this host does not offer" + hint};
}

Result<std::shared_ptr<const LinkedModule>> Linker::link(std::shared_ptr<const Module> module,
                                                         const ModuleOptions& options) const {
  // Stubs, overloads and what stands in are this module's own: another may import the same name with another type.
  UniqueLinker own;
  const auto own_linker = [&] {
    if (own == nullptr) own.reset(wasmtime_linker_clone(linker_));
    return own.get();
  };
  std::optional<ImportTypes> types;
  std::set<std::pair<std::string_view, std::string_view>> stubs;
  for (std::size_t i = 0; i < module->imports().size(); ++i) {
    const ImportInfo& import = module->imports()[i];
    const auto optional = optional_.find(import.module);
    const bool is_optional = optional != optional_.end();
    const std::string& from = is_optional ? optional->second.module : import.module;
    const auto [function, number] = find_stand_in({from, import.name, import.kind, import.type}, options);
    const auto* const offered = find(from, import.name);
    const bool lacking = offered != nullptr && function == nullptr && has_stand_in(host_modules_, from, options);
    if (lacking && !is_optional) {
      return Error{"it imports " + described(import) + ", which it cannot have with the options it is served with"};
    }
    if (offered != nullptr && !lacking) {
      if (import.kind == ExternKind::function && import.type == *offered) {
        if (function == nullptr) continue;
        const auto added =
            (function->suspends ? add_async : add_plain)(own_linker(), import.module, import.name, *function, number);
        if (!added.ok()) return added.error();
        continue;
      }
      const Overload* const overload = find_overload(import);
      if (overload == nullptr || import.kind != ExternKind::function || import.type != overload->type) {
        return Error{"it imports " + described(import) + "; this host offers it as a function " + *offered +
                     (overload == nullptr ? "" : " or " + overload->type)};
      }
      const auto added = add_async(own_linker(), import.module, import.name, overload->function, 0);
      if (!added.ok()) return added.error();
      continue;
    }
    if (!is_optional || import.kind != ExternKind::function) return not_offered(import);

    if (!stubs.emplace(import.module, import.name).second) continue;
    if (stubs.size() > max_stubs) {
      return Error{"it imports more than " + std::to_string(max_stubs) + " functions of \"" + import.module +
                   "\" that this host does not offer"};
    }
    if (!types) types.emplace(*module);
    const wasm_functype_t* const type = types->function(i);
    auto stub = make_stub(type, optional->second.answer);
    if (!stub) {
      return Error{"it imports " + described(import) +
                   ", which this host does not offer, nor can it answer in its place: it would have to have one " +
                   "result, an i32 or i64"};
    }
    wasmtime_error_t* error = wasmtime_linker_define_func_unchecked(
        own_linker(), import.module.data(), import.module.size(), import.name.data(), import.name.size(), type,
        call_host, new DefinedFunction{std::move(*stub)}, delete_function);
    if (error != nullptr) return Error{take_message(error)};
  }
  wasmtime_instance_pre_t* pre = nullptr;
  wasmtime_linker_t* const linker = own != nullptr ? own.get() : linker_;
  if (wasmtime_error_t* error = wasmtime_linker_instantiate_pre(linker, module->get(), &pre)) {
    return Error{"its imports do not fit this host: " + take_message(error)};
  }
  return std::shared_ptr<const LinkedModule>(std::make_shared<LinkedModule>(std::move(module), pre));
}

}  // namespace wasm_grpc::wasm
