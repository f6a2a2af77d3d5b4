#include "wasm/instance.h"
#include "wasm_grpc/host_function.h"

namespace wasm_grpc {

void Caller::trap(std::string message) {
  if (trapped_) return;
  trapped_ = true;
  trap_message_ = std::move(message);
}

void Caller::trap_out_of_bounds(std::uint32_t pointer, std::uint32_t size) noexcept {
  trap("the guest passed " + std::to_string(size) + " bytes at " + std::to_string(pointer) +
       ", outside its memory of " + std::to_string(memory_.size()) + " bytes");
}

void Caller::await(std::shared_ptr<detail::PendingResult> pending, RawValue* values) {
  if (trapped_) {
    pending->abandon();
  } else if (pending->given()) {
    pending->take(*this, values);
  } else {
    wasm::Suspension suspension;
    suspension.until = pending->limit();
    suspension.pending = std::move(pending);
    wasm::InstanceCaller::from(*this).instance().suspend(std::move(suspension));
  }
}

}  // namespace wasm_grpc
