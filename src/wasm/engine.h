// The WebAssembly engine: how modules are compiled and where their instances live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "wasm_grpc/result.h"

struct wasm_engine_t;

namespace wasm_grpc::wasm {

/// What the engine sets aside when it starts. Addresses only: memory is used as guests use it.
struct EngineOptions {
  /// Instances alive at once in the process. Each has a slot of memory, table and stack reserved.
  std::uint32_t max_instances = 4096;
  /// Bytes one linear memory may grow to.
  std::size_t max_memory_bytes = std::size_t{128} << 20;
  /// Bytes at the front of an ended instance's memory that are overwritten and kept for the next one, rather than given
  /// back to the system. Costs as much resident memory for each slot that was ever used; saves page faults.
  std::size_t kept_memory_bytes = 0;
  /// Elements one table may have.
  std::size_t max_table_elements = 20'000;
  /// Bytes of stack guest code may use; host functions have as much again.
  std::size_t wasm_stack_bytes = std::size_t{512} << 10;
};

/// Owns Wasmtime's engine. Outlives every module and instance made with it. Thread-safe.
class Engine {
 public:
  [[nodiscard]] static Result<Engine> create(const EngineOptions& options);

  /// Ends the time slice of every guest that has been running for a tick. Safe from any thread.
  void tick() const noexcept;

  [[nodiscard]] const EngineOptions& options() const noexcept { return options_; }
  [[nodiscard]] wasm_engine_t* get() const noexcept { return engine_.get(); }

 private:
  struct Delete {
    void operator()(wasm_engine_t* engine) const noexcept;
  };
  Engine(wasm_engine_t* engine, const EngineOptions& options) : engine_(engine), options_(options) {}

  std::unique_ptr<wasm_engine_t, Delete> engine_;
  EngineOptions options_;
};

}  // namespace wasm_grpc::wasm
