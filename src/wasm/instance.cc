#include "wasm/instance.h"

#include <wasmtime.h>

#include <array>
#include <utility>
#include <vector>

#include "wasm/engine.h"
#include "wasm/host_states.h"
#include "wasm/linker.h"
#include "wasm/module.h"
#include "wasm/prepared_function.h"
#include "wasm/values.h"

namespace wasm_grpc::wasm {

namespace {
// A guest that begins or was waiting has one to two ticks, so that a short run is not cut by a tick that happens to be
// near; one that goes on after a slice has at most one.
constexpr std::uint64_t first_slice_ticks = 2;
constexpr std::uint64_t slice_ticks = 1;
}  // namespace

struct Instance::State {
  State(const LinkedModule& of, const MemoryLimits& limits, MemoryReservation room)
      : linked(of), limiter(limits, std::move(room)) {}

  const LinkedModule& linked;
  StoreLimiter limiter;
  wasmtime_store_t* store = nullptr;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_memory_t memory{};
  std::byte* memory_begin = nullptr;  // its slot has the addresses for all that it may grow to: it never moves
  bool has_memory = false;
  struct Function {
    wasmtime_func_t function;
    std::optional<PreparedFunction> prepared;  // once it is called
  };
  std::vector<Function> functions;

  // Its fiber: of one of the two, if there is one.
  wasmtime_call_future_t* instantiation = nullptr;
  std::optional<std::size_t> called;
  bool first_poll = false;
  std::int32_t result = 0;
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;

  Failure failure;
  std::optional<int> exit_code;

  bool suspended = false;
  bool just_suspended = false;
  Suspension suspension;
  wasmtime_val_t* suspension_result = nullptr;
  wasm_trap_t** suspension_trap = nullptr;

  std::array<void*, host_slots> host_data{};

  void find_memory() noexcept {
    wasmtime_extern_t item;
    static constexpr std::string_view name = "memory";
    if (!wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &item)) return;
    if (item.kind == WASMTIME_EXTERN_MEMORY) set_memory(item.of.memory);
    wasmtime_extern_delete(&item);
  }
  void set_memory(const wasmtime_memory_t& found) noexcept {
    memory = found;
    memory_begin = reinterpret_cast<std::byte*>(wasmtime_memory_data(context, &memory));
    has_memory = true;
  }

  /// Runs the fiber; true when it is done, and then there is none.
  [[nodiscard]] bool poll_fiber() noexcept {
    if (called) {
      if (!functions[*called].prepared->poll(result, trap)) return false;
      called.reset();
      return true;
    }
    if (!wasmtime_call_future_poll(instantiation)) return false;
    wasmtime_call_future_delete(std::exchange(instantiation, nullptr));
    if (trap == nullptr && error == nullptr) find_memory();
    return true;
  }

  /// Tells the limiter what has become of a growth that failed. Not while the guest is in the middle of something else
  /// than a host function: its memory belongs to the engine then.
  void count_memory() noexcept {
    if (limiter.in_doubt() && has_memory) limiter.set_memory(wasmtime_memory_data_size(context, &memory));
  }
};

Instance::Instance(const LinkedModule& linked, const MemoryLimits& limits, MemoryReservation room)
    : state_(std::make_unique<State>(linked, limits, std::move(room))) {
  state_->store = wasmtime_store_new(linked.module().engine().get(), this, nullptr);
  state_->context = wasmtime_store_context(state_->store);
  state_->limiter.install(state_->store);
  wasmtime_context_epoch_deadline_async_yield_and_update(state_->context, slice_ticks);
}

Instance::~Instance() {
  drop();
  state_->functions.clear();
  wasmtime_store_delete(state_->store);
}

void Instance::begin_instantiate() {
  State& state = *state_;
  state.first_poll = true;
  state.instantiation = wasmtime_instance_pre_instantiate_async(state.linked.get(), state.context, &state.instance,
                                                                &state.trap, &state.error);
}

std::optional<std::size_t> Instance::find_function(std::string_view export_name) {
  State& state = *state_;
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(state.context, &state.instance, export_name.data(), export_name.size(), &item)) {
    return std::nullopt;
  }
  const bool is_function = item.kind == WASMTIME_EXTERN_FUNC;
  if (is_function) state.functions.push_back({item.of.func, std::nullopt});
  wasmtime_extern_delete(&item);
  if (!is_function) return std::nullopt;
  return state.functions.size() - 1;
}

void Instance::begin_call(std::size_t function, std::span<const std::int32_t> arguments, bool has_result) {
  State& state = *state_;
  auto& [of_engine, prepared] = state.functions[function];
  if (!prepared || !prepared->takes(arguments.size(), has_result)) {
    prepared.emplace(state.context, of_engine, arguments.size(), has_result);
  }
  state.first_poll = true;
  state.limiter.forget_refusal();
  prepared->begin(arguments);
  state.called = function;
}

Progress Instance::poll() noexcept {
  State& state = *state_;
  wasmtime_context_set_epoch_deadline(state.context, state.first_poll ? first_slice_ticks : slice_ticks);
  state.first_poll = false;
  if (!state.poll_fiber()) {
    state.first_poll = state.suspended;
    return state.suspended ? Progress::suspended : Progress::sliced;
  }
  state.count_memory();
  if (state.trap != nullptr || state.error != nullptr) {
    state.failure = take_failure(state.trap, state.error);
    state.trap = nullptr;
    state.error = nullptr;
    if (state.exit_code) {
      state.failure.kind = Failure::Kind::exit;
      state.failure.exit_code = *state.exit_code;
    }
    return Progress::failed;
  }
  return Progress::done;
}

void Instance::drop() noexcept {
  State& state = *state_;
  if (!running()) return;
  if (const auto pending = std::exchange(state.suspension.pending, nullptr)) pending->abandon();
  if (state.called) state.functions[*std::exchange(state.called, std::nullopt)].prepared->end();
  if (state.instantiation != nullptr) wasmtime_call_future_delete(std::exchange(state.instantiation, nullptr));
  if (state.trap != nullptr || state.error != nullptr) {
    state.failure = take_failure(state.trap, state.error);
    state.trap = nullptr;
    state.error = nullptr;
  }
}

bool Instance::running() const noexcept { return state_->called.has_value() || state_->instantiation != nullptr; }
std::int32_t Instance::result() const noexcept { return state_->result; }
const Failure& Instance::failure() const noexcept { return state_->failure; }
const Suspension& Instance::suspension() const noexcept { return state_->suspension; }
const LinkedModule& Instance::linked() const noexcept { return state_->linked; }

std::span<std::byte> Instance::memory() noexcept {
  State& state = *state_;
  if (!state.has_memory) return {};
  const std::size_t size =
      state.limiter.in_doubt() ? wasmtime_memory_data_size(state.context, &state.memory) : state.limiter.memory();
  return {state.memory_begin, size};
}

std::size_t Instance::memory_use() const noexcept { return state_->limiter.used(); }
bool Instance::growth_refused() const noexcept { return state_->limiter.refused(); }
const MemoryLimits& Instance::memory_limits() const noexcept { return state_->limiter.limits(); }
MemoryReservation Instance::leave_room(std::size_t bytes) noexcept { return state_->limiter.leave(bytes); }

void Instance::set_host_data(HostSlot slot, void* data) noexcept {
  state_->host_data[static_cast<std::size_t>(slot)] = data;
}
void* Instance::host_data(HostSlot slot) const noexcept { return state_->host_data[static_cast<std::size_t>(slot)]; }

void Instance::suspend(Suspension suspension) noexcept {
  state_->suspension = std::move(suspension);
  state_->suspended = true;
  state_->just_suspended = true;
}
void Instance::set_exit_code(int code) noexcept { state_->exit_code = code; }
void Instance::cancel_suspension() noexcept {
  state_->suspended = false;
  state_->suspension.pending.reset();
}
void Instance::set_suspension_result(wasmtime_val_t* result, wasm_trap_t** trap) noexcept {
  state_->suspension_result = result;
  state_->suspension_trap = trap;
}

bool Instance::resolve_suspension() noexcept {
  State& state = *state_;
  if (!state.suspended) return true;  // the host function answered at once
  if (state.just_suspended) {         // the engine asks once in the same poll()
    state.just_suspended = false;
    return false;
  }
  if (state.suspension.pending != nullptr) {
    detail::PendingResult& pending = *state.suspension.pending;
    if (!pending.given() && (state.suspension.until == Suspension::never || !pending.expire(Clock::now())))
      return false;
    take_pending();
  } else {
    const std::optional<std::int32_t> answer = state.suspension.resolve(*this, state.suspension);
    if (!answer) return false;
    if (state.suspension_result != nullptr) state.suspension_result->of.i32 = *answer;
  }
  state.suspended = false;
  return true;
}

void Instance::take_pending() noexcept {
  State& state = *state_;
  const auto pending = std::exchange(state.suspension.pending, nullptr);
  InstanceCaller caller(*this);
  RawValue value{};
  caller.run([&] { pending->take(caller, &value); });
  if (caller.trapped()) {
    *state.suspension_trap = wasmtime_trap_new(caller.trap_message().data(), caller.trap_message().size());
  } else if (state.suspension_result != nullptr) {
    write_value(value, *state.suspension_result);
  }
}

std::span<std::byte> Instance::memory(wasmtime_caller_t* caller) noexcept {
  State& state = *state_;
  wasmtime_extern_t item;
  static constexpr std::string_view name = "memory";
  if (state.instantiation != nullptr && !state.has_memory &&
      wasmtime_caller_export_get(caller, name.data(), name.size(), &item)) {
    if (item.kind == WASMTIME_EXTERN_MEMORY) state.set_memory(item.of.memory);
    wasmtime_extern_delete(&item);
  }
  state.count_memory();
  return memory();
}

namespace {

Instance& instance_of(wasmtime_caller_t* caller) noexcept {
  return *static_cast<Instance*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
}

}  // namespace

InstanceCaller::InstanceCaller(Instance& instance, wasmtime_caller* caller) noexcept
    : Caller(instance.linked().module().name(), instance.memory(caller)), instance_(&instance) {}

InstanceCaller::InstanceCaller(wasmtime_caller* caller) noexcept : InstanceCaller(instance_of(caller), caller) {}

InstanceCaller::InstanceCaller(Instance& instance) noexcept
    : Caller(instance.linked().module().name(), instance.memory()), instance_(&instance) {}

void InstanceCaller::invoke(const HostFunction& function, std::size_t host_module, RawValue* values) noexcept {
  run([&] {
    if (function.module_state != nullptr || function.instance_state != nullptr) {
      auto* const states = static_cast<InstanceStates*>(instance_->host_data(HostSlot::states));
      if (states == nullptr) return trap("the host gave this instance no states");
      if (function.module_state != nullptr) module_state_ = states->module_state(host_module);
      if (function.instance_state != nullptr) instance_state_ = states->instance_state(host_module);
    }
    function.invoke(*this, values);
  });
}

}  // namespace wasm_grpc::wasm
