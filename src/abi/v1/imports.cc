// The import module wasm_grpc_1 and the exports it expects. Each function here only finds the instance's binding.

#include <algorithm>
#include <cstdint>

#include "abi/expected_exports.h"
#include "abi/start_functions.h"
#include "abi/v1/binding.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::abi::v1 {

namespace {

InstanceBinding& binding(Caller& caller) {
  return *static_cast<InstanceBinding*>(wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::abi));
}

constexpr ExpectedExport expected_exports[] = {
    {"memory", wasm::ExternKind::memory, "", true},
    {start_export, wasm::ExternKind::function, "() -> ()", true},
    {call_export, wasm::ExternKind::function, "(i32, i32) -> i32", false},
    {event_export, wasm::ExternKind::function, "(i32, i32, i32) -> ()", false},
    {initialize_export, wasm::ExternKind::function, "() -> ()", false},
    {command_export, wasm::ExternKind::function, "() -> ()", false},
};

}  // namespace

Result<> define_imports(wasm::Linker& linker) {
  using Bytes = std::span<std::byte>;
  using ConstBytes = std::span<const std::byte>;
  using Text = std::string_view;
  using I32 = std::int32_t;
  using I64 = std::int64_t;
  using U32 = std::uint32_t;
  const std::pair<std::string_view, HostFunction> functions[] = {
      {"method", host_function([](Caller& c, Text path, I32 kind, I32 style, I32 tag) {
         return binding(c).method(path, kind, style, tag);
       })},
      {"placement", host_function([](Caller& c, I32 where, Text key) { return binding(c).placement(where, key); })},
      {"descriptors", host_function([](Caller& c, ConstBytes set) { return binding(c).descriptors(set); })},
      {"health_set",
       host_function([](Caller& c, Text service, I32 serving) { return binding(c).health_set(service, serving); })},
      {"recv", host_function([](Caller& c, I32 call, Bytes buffer) { return binding(c).recv(call, buffer); })},
      {"send", host_function([](Caller& c, I32 call, ConstBytes message) { return binding(c).send(call, message); })},
      {"finish", host_function([](Caller& c, I32 call, I32 code, Text message) {
         return binding(c).finish(call, code, message);
       })},
      {"metadata_get", host_function([](Caller& c, I32 call, Text key, I32 index, Bytes value) {
         return binding(c).metadata_get(call, key, index, value);
       })},
      {"metadata_list",
       host_function([](Caller& c, I32 call, Bytes list) { return binding(c).metadata_list(call, list); })},
      {"metadata_add", host_function([](Caller& c, I32 call, I32 where, Text key, Text value) {
         return binding(c).metadata_add(call, where, key, value);
       })},
      {"timer", host_function([](Caller& c, I32 call, I64 timeout_ns) { return binding(c).timer(call, timeout_ns); })},
      {"alarm", host_function([](Caller& c, I64 timeout_ns) { return binding(c).alarm(timeout_ns); })},
      {"ending", host_function([](Caller& c, I32 wanted) { return binding(c).ending(wanted); })},
      {"wait_fd",
       host_function([](Caller& c, I32 call, I32 interests) { return binding(c).wait_fd(call, interests); })},
      {"http_status",
       host_function([](Caller& c, I32 call, I32 status) { return binding(c).http_status(call, status); })},
      {"headers_send", host_function([](Caller& c, I32 call) { return binding(c).headers_send(call); })},
      {"compress", host_function([](Caller& c, I32 call, I32 on) { return binding(c).compress(call, on); })},
      {"info",
       host_function([](Caller& c, I32 call, I32 what, Bytes value) { return binding(c).info(call, what, value); })},
      {"deadline", host_function([](Caller& c, I32 call) { return binding(c).deadline(call); })},
      {"log", host_function([](Caller& c, I32 level, Text text) { binding(c).log(level, text); })},
      {"log_call", host_function([](Caller& c, I32 call, I32 level, Text text, ConstBytes pairs) {
         return binding(c).log_call(call, level, text, pairs);
       })},
  };
  linker.make_optional(import_module, optional_import_module, UNSUPPORTED);
  for (const auto& [name, function] : functions) {
    if (auto defined = linker.define(import_module, name, function); !defined.ok()) return defined;
  }
  auto wait = host_function(
      [](Caller& c, I32 call, I32 interests, I64 timeout_ns) { return binding(c).wait(call, interests, timeout_ns); });
  if (auto defined = linker.define_suspending(import_module, "wait", wait); !defined.ok()) return defined;
  auto wait_any = host_function([](Caller& c, U32 entries, U32 count, I64 timeout_ns) -> I32 {
    const std::uint64_t size = std::uint64_t{count} * sizeof(WaitEntry);
    static_cast<void>(c.range(entries, static_cast<U32>(std::min<std::uint64_t>(size, UINT32_MAX))));
    return c.trapped() ? INVALID : binding(c).wait_any(entries, count, timeout_ns);
  });
  return linker.define_suspending(import_module, "wait_any", wait_any);
}

bool Abi1::has_import(const wasm::ImportInfo& import) const noexcept {
  return import.module == import_module || import.module == optional_import_module;
}

bool Abi1::recognises(const wasm::Module& module) const {
  if (module.find_export(start_export) != nullptr || module.find_export(call_export) != nullptr) return true;
  return std::ranges::any_of(module.imports(), [this](const auto& import) { return has_import(import); });
}

Result<> Abi1::check(const wasm::Module& module) const {
  auto lacking = find_missing_exports(module, name(), expected_exports);
  if (!lacking.ok()) return std::move(lacking).error();
  std::string missing = std::move(lacking).value();
  if (module.find_export(call_export) == nullptr && module.find_export(event_export) == nullptr) {
    add_missing(missing, call_export);
  }
  if (!missing.empty()) {
    return Error{"it speaks ABI wasm_grpc_1 but lacks the exports " + missing +
                 "; is it linked with the guest SDK, and as a reactor?"};
  }
  return success();
}

std::vector<std::string> Abi1::warnings(const wasm::Module& module) const {
  return warnings_of_start(module, Commands::unusual);
}

std::unique_ptr<Binding> Abi1::bind(wasm::Instance& instance, const HostSide& host, const Declaration* expected) const {
  return std::make_unique<InstanceBinding>(instance, host, expected);
}

}  // namespace wasm_grpc::abi::v1
