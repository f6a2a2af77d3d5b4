// One sandbox: a module's instance with its memory, and the fiber that runs it.
//
// Guest code always runs on a fiber, a stack of its own, on the thread that calls poll(). begin_*() makes a fiber, and
// poll() runs it until it is done, fails, has used up its time slice, or is suspended by a host function. In the last
// two cases poll() goes on where it stopped, on this thread or another; or drop() ends it, which unwinds the guest's
// stack. A store, and so an instance, has one fiber at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wasm/failure.h"
#include "wasm/memory_budget.h"
#include "wasm/store_limiter.h"
#include "wasm_grpc/host_function.h"

struct wasm_trap_t;
struct wasmtime_caller;
struct wasmtime_val;

namespace wasm_grpc::wasm {

class Instance;
class LinkedModule;

using Clock = std::chrono::steady_clock;

/// How far a fiber got.
enum class Progress : std::uint8_t {
  done,       // the guest's function returned
  failed,     // it trapped or exited; the instance must be discarded
  sliced,     // its time slice is over; it would go on at once
  suspended,  // a host function waits; see suspension()
};

/// What a suspended fiber waits for, set by the host function that suspends it.
struct Suspension {
  static constexpr Clock::time_point never = Clock::time_point::max();

  /// What to wait for besides time; the meaning is the host function's own.
  std::uint32_t interests = 0;
  /// When to go on at the latest.
  Clock::time_point until = never;
  /// Called at each poll() after the one that suspended: the host function's result, or nothing to stay suspended. Runs
  /// on the polling thread.
  std::optional<std::int32_t> (*resolve)(Instance& instance, const Suspension& suspension) = nullptr;
  /// For resolve() to remember things in.
  mutable std::uint64_t notes[4] = {};
  /// The result that a Completion is to bring, instead of resolve(): its owner has it notify() a waker.
  std::shared_ptr<detail::PendingResult> pending;
};

/// A slot for what a layer above keeps with an instance.
enum class HostSlot : std::size_t { wasi, abi, states, log, client };
inline constexpr std::size_t host_slots = 5;

/// One sandbox. Used by one thread at a time; may move between threads while no function of it runs.
class Instance {
 public:
  /// Nothing is instantiated yet. `linked` outlives the instance. `room`: what it has of the budget before it grows.
  explicit Instance(const LinkedModule& linked, const MemoryLimits& limits = {}, MemoryReservation room = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// Makes a fiber that instantiates the module and runs its start section, if any.
  void begin_instantiate();
  /// The handle of an exported function, for begin_call(); nothing when there is none. Only when instantiated.
  [[nodiscard]] std::optional<std::size_t> find_function(std::string_view export_name);
  /// Makes a fiber that calls an exported function, whose parameters are i32 and whose result is an i32 or nothing.
  void begin_call(std::size_t function, std::span<const std::int32_t> arguments, bool has_result);

  /// Runs the fiber; see Progress. Only while there is one.
  [[nodiscard]] Progress poll() noexcept;
  /// Ends the fiber, if there is one. The instance can not be used again.
  void drop() noexcept;
  [[nodiscard]] bool running() const noexcept;

  /// The i32 result of the call that is done.
  [[nodiscard]] std::int32_t result() const noexcept;
  /// Why it failed. Only after poll() said so.
  [[nodiscard]] const Failure& failure() const noexcept;
  /// What it waits for. Only after poll() said suspended.
  [[nodiscard]] const Suspension& suspension() const noexcept;

  /// The guest's memory now; empty when it exports none.
  [[nodiscard]] std::span<std::byte> memory() noexcept;
  /// Bytes of its memory and table, exported or not.
  [[nodiscard]] std::size_t memory_use() const noexcept;
  /// True when the last growth of its memory or table that was asked for since the last begin_call() did not happen.
  [[nodiscard]] bool growth_refused() const noexcept;
  [[nodiscard]] const MemoryLimits& memory_limits() const noexcept;
  /// Takes so many bytes of its reservation, or as many as it has, for the instance that is to have its place.
  [[nodiscard]] MemoryReservation leave_room(std::size_t bytes) noexcept;
  [[nodiscard]] const LinkedModule& linked() const noexcept;

  void set_host_data(HostSlot slot, void* data) noexcept;
  [[nodiscard]] void* host_data(HostSlot slot) const noexcept;

  // ---- For host functions ----

  /// Suspends the guest once the host function that calls this returns. Only from define_suspending() functions.
  void suspend(Suspension suspension) noexcept;
  /// Makes the guest fail as one that has exited, when the host function returns with a trap.
  void set_exit_code(int code) noexcept;

  // ---- For the linker ----
  void cancel_suspension() noexcept;
  /// Where the result of the function that suspends goes, if it has one, and its trap: until it is resolved.
  void set_suspension_result(wasmtime_val* result, wasm_trap_t** trap) noexcept;
  [[nodiscard]] bool resolve_suspension() noexcept;
  /// The memory also while it is being instantiated and its exports are not known to it yet.
  [[nodiscard]] std::span<std::byte> memory(wasmtime_caller* caller) noexcept;

 private:
  struct State;
  void take_pending() noexcept;
  std::unique_ptr<State> state_;
};

/// The Caller every host function gets, for those of the host itself.
class InstanceCaller final : public Caller {
 public:
  explicit InstanceCaller(wasmtime_caller* caller) noexcept;
  /// Outside of a call by the guest.
  explicit InstanceCaller(Instance& instance) noexcept;
  [[nodiscard]] static InstanceCaller& from(Caller& caller) noexcept { return static_cast<InstanceCaller&>(caller); }

  [[nodiscard]] Instance& instance() const noexcept { return *instance_; }
  [[nodiscard]] const std::string& trap_message() const noexcept { return trap_message_; }
  /// Calls a function of the host module with this number. No exception leaves it: the caller is trapped.
  void invoke(const HostFunction& function, std::size_t host_module, RawValue* values) noexcept;
  /// Runs code of an embedder, likewise.
  template <typename Code>
  void run(const Code& code) noexcept {
    try {
      code();
    } catch (const std::exception& error) {
      trap(std::string("a host function failed: ") + error.what());
    } catch (...) {
      trap("a host function failed");
    }
  }

 private:
  InstanceCaller(Instance& instance, wasmtime_caller* caller) noexcept;

  Instance* instance_;
};

}  // namespace wasm_grpc::wasm
