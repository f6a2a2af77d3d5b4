// The import module wasm_grpc_client_1. Each function here only finds the instance's binding.
#include <algorithm>
#include <array>
#include <cstdint>

#include "abi/client_1/binding.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::abi::client_1 {

namespace {

InstanceBinding& binding(Caller& caller) {
  void* const data = wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::client);
  return *static_cast<InstanceBinding*>(data);
}

}  // namespace

Result<> define_imports(wasm::Linker& linker) {
  using Bytes = std::span<std::byte>;
  using ConstBytes = std::span<const std::byte>;
  using Text = std::string_view;
  using I32 = std::int32_t;
  using I64 = std::int64_t;
  using U32 = std::uint32_t;
  const std::pair<std::string_view, HostFunction> functions[] = {
      {"require", host_function([](Caller& c, Text target) { return binding(c).require(target); })},
      {"open",
       host_function([](Caller& c, Text target, Text path, I32 kind, I64 timeout_ns, I32 parent, ConstBytes metadata) {
         return binding(c).open(target, path, kind, timeout_ns, parent, metadata);
       })},
      {"send", host_function([](Caller& c, I32 call, ConstBytes message, I32 last) {
         return binding(c).send(call, message, last);
       })},
      {"half_close", host_function([](Caller& c, I32 call) { return binding(c).half_close(call); })},
      {"recv", host_function([](Caller& c, I32 call, Bytes buffer) { return binding(c).recv(call, buffer); })},
      {"metadata_get", host_function([](Caller& c, I32 call, I32 where, Text key, I32 index, Bytes value) {
         return binding(c).metadata_get(call, where, key, index, value);
       })},
      {"metadata_list", host_function([](Caller& c, I32 call, I32 where, Bytes list) {
         return binding(c).metadata_list(call, where, list);
       })},
      {"status", host_function([](Caller& c, I32 call) { return binding(c).status(call); })},
      {"info",
       host_function([](Caller& c, I32 call, I32 what, Bytes value) { return binding(c).info(call, what, value); })},
      {"cancel", host_function([](Caller& c, I32 call) { return binding(c).cancel(call); })},
      {"close", host_function([](Caller& c, I32 call) { return binding(c).close(call); })},
      {"wait_fd",
       host_function([](Caller& c, I32 call, I32 interests) { return binding(c).wait_fd(call, interests); })},
  };
  for (const auto& [name, function] : functions) {
    if (auto defined = linker.define(import_module, name, function); !defined.ok()) return defined;
  }
  auto wait_any = host_function([](Caller& c, U32 entries, U32 count, I64 timeout_ns) -> I32 {
    const std::uint64_t size = std::uint64_t{count} * sizeof(v1::WaitEntry);
    static_cast<void>(c.range(entries, static_cast<U32>(std::min<std::uint64_t>(size, UINT32_MAX))));
    return c.trapped() ? INVALID : binding(c).wait_any(entries, count, timeout_ns);
  });
  return linker.define_suspending(import_module, "wait_any", wait_any);
}

bool imports_any(const wasm::Module& module) {
  return std::ranges::any_of(module.imports(), [](const auto& import) { return import.module == import_module; });
}

}  // namespace wasm_grpc::abi::client_1
