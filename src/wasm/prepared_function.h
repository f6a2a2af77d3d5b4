// A function of an instance, ready to be called on a fiber again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct wasm_trap_t;
struct wasmtime_context;
struct wasmtime_func;

namespace wasm_grpc::wasm {

struct EngineFunction;  // of engine/src/prepared.rs

/// Its type is checked once, and what a call takes is kept for the next. Belongs to its instance's store, which
/// outlives it; one call at a time, on the thread that runs the instance.
class PreparedFunction {
 public:
  /// For calls with so many i32, four at most, that return an i32 or nothing. Where the function has another type, each
  /// call fails and says so.
  PreparedFunction(wasmtime_context* context, const wasmtime_func& function, std::size_t parameters, bool has_result);

  /// True when it was prepared for such calls.
  [[nodiscard]] bool takes(std::size_t parameters, bool has_result) const noexcept {
    return parameters == parameters_ && has_result == has_result_;
  }
  /// Makes a fiber that calls it. There is none.
  void begin(std::span<const std::int32_t> arguments) noexcept;
  /// Runs the fiber until it is done, which is true, or stops. Done, it leaves its result, which is 0 where it has
  /// none, or a trap, which is the caller's, whatever it failed by.
  [[nodiscard]] bool poll(std::int32_t& result, wasm_trap_t*& trap) noexcept;
  /// Ends the fiber where it stopped, which unwinds the guest's stack.
  void end() noexcept;

 private:
  struct Deleter {
    void operator()(EngineFunction* function) const noexcept;
  };
  std::unique_ptr<EngineFunction, Deleter> function_;
  std::size_t parameters_;
  bool has_result_;
};

}  // namespace wasm_grpc::wasm
