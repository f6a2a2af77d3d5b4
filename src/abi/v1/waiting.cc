// What a guest waits for, and when it is told.
#include <optional>

#include "abi/v1/answers.h"
#include "abi/v1/binding.h"
#include "wasi/context.h"

namespace wasm_grpc::abi::v1 {

namespace {

static_assert(wait_readable == interest::readable && wait_writable == interest::writable);
bool known(std::uint32_t interests) noexcept { return (interests & ~(interest::readable | interest::writable)) == 0; }

}  // namespace

std::optional<std::int32_t> InstanceBinding::ready(rpc::Call& call, std::int32_t interests) noexcept {
  if (call.cancelled()) return cancelled();
  std::int32_t holds = 0;
  if ((interests & wait_readable) != 0 && call.prepare_message()) holds |= wait_readable;
  if ((interests & wait_writable) != 0 && call.writable()) holds |= wait_writable;
  if (holds != 0) return holds;
  return std::nullopt;
}

// In event style nothing waits.

void InstanceBinding::suspend(std::uint32_t interests, std::int64_t timeout_ns, Resolve resolve, std::uint64_t note,
                              std::uint64_t other_note) noexcept {
  wasm::Suspension suspension;
  suspension.interests = interests | interest::cancelled;
  suspension.until = wait_until(timeout_ns);
  suspension.resolve = resolve;
  suspension.notes[0] = note;
  suspension.notes[1] = other_note;
  instance_.suspend(suspension);
}

std::int32_t InstanceBinding::wait(std::int32_t id, std::int32_t interests, std::int64_t timeout_ns) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (!known(static_cast<std::uint32_t>(interests))) return INVALID;
  if (const auto holds = ready(*call, interests)) return *holds;
  if (timeout_ns == 0) return 0;
  if (call != call_) return INVALID;
  suspend(static_cast<std::uint32_t>(interests), timeout_ns,
          [](wasm::Instance& instance, const wasm::Suspension& waiting) -> std::optional<std::int32_t> {
            auto& self = *static_cast<InstanceBinding*>(instance.host_data(wasm::HostSlot::abi));
            const auto wanted = static_cast<std::int32_t>(waiting.interests & ~interest::cancelled);
            if (const auto holds = self.ready(*self.call_, wanted)) return holds;
            return timed_out(waiting);
          });
  return 0;
}

std::int32_t InstanceBinding::look_at_call(std::int32_t id, std::uint32_t interests) noexcept {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (!known(interests)) return INVALID;
  return ready(*call, static_cast<std::int32_t>(interests)).value_or(0);
}

std::int32_t InstanceBinding::look(std::span<std::byte> entries) noexcept {
  return look_at_entries(entries,
                         [this](std::int32_t call, std::uint32_t interests) { return look_at_call(call, interests); });
}

std::int32_t InstanceBinding::wait_any(std::uint32_t pointer, std::uint32_t count, std::int64_t timeout_ns) {
  if (count == 0 || count > max_wait_entries) return INVALID;
  const auto entries = instance_.memory().subspan(pointer, count * sizeof(WaitEntry));
  if (const std::int32_t holding = look(entries); holding > 0 || timeout_ns == 0) return holding;
  if (call_ == nullptr) return INVALID;
  std::uint32_t interests = 0;
  for_each_entry(entries, [&](const WaitEntry& entry, std::size_t) { interests |= entry.interests; });
  suspend(
      interests, timeout_ns,
      [](wasm::Instance& instance, const wasm::Suspension& waiting) -> std::optional<std::int32_t> {
        auto& self = *static_cast<InstanceBinding*>(instance.host_data(wasm::HostSlot::abi));
        const auto size = static_cast<std::size_t>(waiting.notes[1]) * sizeof(WaitEntry);
        // A memory never becomes smaller.
        const std::int32_t holding = self.look(instance.memory().subspan(waiting.notes[0], size));
        return holding > 0 ? std::optional(holding) : timed_out(waiting);
      },
      pointer, count);
  return 0;
}

std::uint32_t InstanceBinding::awaits(std::int32_t id, std::uint32_t interests) noexcept {
  rpc::Call* const call = find(id);
  if (call == nullptr || ready(*call, static_cast<std::int32_t>(interests))) return 0;
  return interests | interest::cancelled;
}

std::int32_t InstanceBinding::wait_fd(std::int32_t id, std::int32_t interests) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (!known(static_cast<std::uint32_t>(interests)) || call != call_) return INVALID;
  auto* const context = static_cast<wasi::Context*>(instance_.host_data(wasm::HostSlot::wasi));
  if (context == nullptr) return UNSUPPORTED;
  const auto fd = context->descriptors().open(*this, id, static_cast<std::uint32_t>(interests));
  return fd ? static_cast<std::int32_t>(*fd) : INVALID;
}

std::int32_t InstanceBinding::timer(std::int32_t id, std::int64_t timeout_ns) {
  const CallTable::Entry* const entry = event_calls_.find(id);
  if (entry == nullptr) return call_ != nullptr && id == call_id_ ? INVALID : CLOSED;  // a handler waits
  if (entry->call->cancelled()) return cancelled();
  entry->host->set_timer(std::chrono::nanoseconds(timeout_ns));
  return OK;
}

std::int32_t InstanceBinding::alarm(std::int64_t timeout_ns) {
  if (event_host_ == nullptr) return INVALID;  // it starts, or is for handlers
  event_host_->set_alarm(std::chrono::nanoseconds(timeout_ns));
  return OK;
}

std::int32_t InstanceBinding::ending(std::int32_t wanted) {
  if ((wanted != 0 && wanted != 1) || call_ != nullptr) return INVALID;
  wants_ending_ = wanted == 1;
  return OK;
}

}  // namespace wasm_grpc::abi::v1
