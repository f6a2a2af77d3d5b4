#include "abi/pantopic/ext.h"

#include "wasm/linker.h"

namespace wasm_grpc::abi::pantopic {

namespace {

constexpr std::string_view import_module = "pantopic/ext-grpc-server";
constexpr std::string_view send_type = "(i64) -> ()";
constexpr ExtAbi::Import imports[] = {{import_module, send_import, send_type},
                                      {push_import_module, send_import, send_type}};

/// `message` is the address of what is sent, and in its lower half how many bytes it has.
Result<> send(Caller& caller, std::uint64_t message) {
  return push_binding(caller).send(static_cast<std::uint32_t>(message >> 32), static_cast<std::uint32_t>(message));
}

}  // namespace

Result<> define_ext_imports(wasm::Linker& linker) {
  if (auto defined = linker.define_suspending(import_module, send_import, host_function(send)); !defined.ok()) {
    return defined;
  }
  return linker.overload_suspending(push_import_module, send_import, host_function(send));
}

ExtAbi::ExtAbi() : GuestAbi("pantopic-ext", imports, push_exports(), Exports::shared) {}

// The original's host calls a message that has no room an invalid argument.
std::unique_ptr<Binding> ExtAbi::bind(wasm::Instance& instance, const HostSide&, const Declaration* expected) const {
  return std::make_unique<PushBinding>(instance, expected, rpc::StatusCode::invalid_argument);
}

}  // namespace wasm_grpc::abi::pantopic
