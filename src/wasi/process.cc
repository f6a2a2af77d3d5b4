// proc_exit, proc_raise and sched_yield.
#include <string>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

void proc_exit(Caller& caller, std::uint32_t code) {
  wasm::InstanceCaller::from(caller).instance().set_exit_code(static_cast<int>(code));
  caller.trap("the guest exited with code " + std::to_string(code));
}

Errno proc_raise(Context&, Caller&, std::uint32_t /*signal*/) { return Errno::notsup; }

Errno sched_yield(Context&, Caller& caller) {
  wasm::Suspension suspension;
  suspension.until = wasm::Clock::now();
  suspension.resolve = [](wasm::Instance&, const wasm::Suspension&) -> std::optional<std::int32_t> {
    return static_cast<std::int32_t>(Errno::success);
  };
  wasm::InstanceCaller::from(caller).instance().suspend(suspension);
  return Errno::success;
}

}  // namespace

void define_process(Definer& definer) {
  definer.add_without_result("proc_exit", proc_exit);
  definer.add("proc_raise", proc_raise);
  definer.add_suspending("sched_yield", sched_yield);
}

}  // namespace wasm_grpc::wasi
