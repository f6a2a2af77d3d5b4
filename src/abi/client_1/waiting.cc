// What a guest waits for that makes calls, and serves one meanwhile.
#include <optional>

#include "abi/client_1/binding.h"
#include "abi/v1/answers.h"
#include "wasi/context.h"

namespace wasm_grpc::abi::client_1 {

namespace {

bool known(std::uint32_t interests) noexcept { return (interests & ~all_interests) == 0; }

}  // namespace

bool InstanceBinding::tell_if_cancelled() const noexcept {
  const rpc::Call* const served = server_.current_call();
  if (served == nullptr || !served->cancelled()) return false;
  server_.tell_of_end();
  return true;
}

std::int32_t InstanceBinding::look(std::int32_t id, std::uint32_t interests) noexcept {
  OpenCall* const call = find(id);
  if (call == nullptr) return server_.look_at_call(id, interests);
  if (!known(interests)) return INVALID;
  rpc::OutgoingCall& made = *call->made.call;
  const bool has_ended = made.ended();
  std::uint32_t holds = 0;
  if (has_ended) holds |= headers | writable | ended;
  if (made.has_headers()) holds |= headers;
  if (made.writable()) holds |= writable;
  if ((interests & readable) != 0 && (made.message() || made.ended())) holds |= readable;
  return static_cast<std::int32_t>(holds & interests);
}

std::int32_t InstanceBinding::look_at_all(std::span<std::byte> entries) noexcept {
  return v1::look_at_entries(entries,
                             [this](std::int32_t call, std::uint32_t interests) { return look(call, interests); });
}

std::int32_t InstanceBinding::wait_any(std::uint32_t pointer, std::uint32_t count, std::int64_t timeout_ns) {
  if (count == 0 || count > v1::max_wait_entries) return INVALID;
  const auto entries = instance_.memory().subspan(pointer, count * sizeof(v1::WaitEntry));
  const std::int32_t holding = look_at_all(entries);
  if (style_ == Style::handler && maker_ != nullptr && tell_if_cancelled()) return CANCELLED;
  if (holding > 0 || timeout_ns == 0) return holding;
  if (style_ != Style::handler || maker_ == nullptr) return INVALID;

  wasm::Suspension suspension;
  suspension.interests = interest::outgoing | interest::cancelled;
  v1::for_each_entry(entries, [&](const v1::WaitEntry& entry, std::size_t) {
    if (find(entry.call) == nullptr) suspension.interests |= entry.interests;
  });
  suspension.until = v1::wait_until(timeout_ns);
  suspension.notes[0] = pointer;
  suspension.notes[1] = count;
  suspension.resolve = [](wasm::Instance& instance, const wasm::Suspension& waiting) -> std::optional<std::int32_t> {
    auto& self = *static_cast<InstanceBinding*>(instance.host_data(wasm::HostSlot::client));
    const auto size = static_cast<std::size_t>(waiting.notes[1]) * sizeof(v1::WaitEntry);
    // A memory never becomes smaller.
    const std::int32_t holds = self.look_at_all(instance.memory().subspan(waiting.notes[0], size));
    if (self.tell_if_cancelled()) return CANCELLED;
    return holds > 0 ? std::optional(holds) : v1::timed_out(waiting);
  };
  instance_.suspend(suspension);
  return 0;
}

std::uint32_t InstanceBinding::awaits(std::int32_t id, std::uint32_t interests) noexcept {
  if (find(id) == nullptr || look(id, interests) != 0) return 0;
  return interest::outgoing | interest::cancelled;
}

std::int32_t InstanceBinding::wait_fd(std::int32_t id, std::int32_t interests) {
  if (find(id) == nullptr) return CLOSED;
  if (!known(static_cast<std::uint32_t>(interests)) || style_ != Style::handler) return INVALID;
  auto* const context = static_cast<wasi::Context*>(instance_.host_data(wasm::HostSlot::wasi));
  if (context == nullptr) return UNSUPPORTED;
  const auto fd = context->descriptors().open(*this, id, static_cast<std::uint32_t>(interests));
  return fd ? static_cast<std::int32_t>(*fd) : INVALID;
}

}  // namespace wasm_grpc::abi::client_1
