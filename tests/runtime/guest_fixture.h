// Guests of one worker without the worker: time slices end when the guest or the test says so, timers fire when the
// test says so, and clients are played by the test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "abi/test_call.h"
#include "observe/log/log.h"
#include "rpc/timer_queue.h"
#include "runtime/guests/background_start.h"
#include "runtime/guests/guest_calls.h"
#include "runtime/instances/instance_pool.h"
#include "runtime/scheduler.h"
#include "wasi/imports.h"
#include "wasm/engine.h"
#include "wasm/linker.h"

namespace wasm_grpc::runtime {

using abi::TestCall;

/// A module with the imports that the tests need, one unary method /test.Service/Method, and the given body of
/// wasm_grpc_call, whose parameters are $call and $tag and whose result is an i32. $slices uses up that many slices in
/// no time, $compute so many milliseconds of one slice, $burn so many of the processor. `more` is put into the module,
/// `start` into wasm_grpc_start.
inline std::string guest_text(std::string_view body, std::string_view more = "", std::string_view start = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "test" "tick" (func $tick))
    (import "test" "compute" (func $compute (param i32)))
    (import "test" "burn" (func $burn (param i32)))
    (import "test" "fails" (func $fails (result i32)))
    (import "test" "note" (func $note (param i32)))
    (memory (export "memory") 1 4)
    (data (i32.const 0) "/test.Service/Method")
    (func $slices (param $count i32)
      (loop $again
        (if (i32.gt_s (local.get $count) (i32.const 0)) (then
          (call $tick) (call $tick)  ;; a slice has one or two ticks
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $again)))))
    (func (export "wasm_grpc_start") )" +
         std::string(start) + R"(
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) )" +
         std::string(body) + ") " + std::string(more) + ")";
}

/// One worker's scheduler, timers and guest calls, and the modules it serves.
struct GuestTest : testing::Test {
  explicit GuestTest(const GuestLimits& guest_limits = {})
      : limits(guest_limits),
        linker(engine()),
        log(LogLevel::trace, [this](LogLevel, std::string_view, std::string_view text) { lines_.emplace_back(text); }) {
    EXPECT_TRUE(abi::define_imports(linker).ok());
    EXPECT_TRUE(wasi::define_imports(linker).ok());
    EXPECT_TRUE(linker.define("test", "tick", host_function([] { engine().tick(); })).ok());
    const auto fails = [this]() -> std::int32_t { return starts_fail ? 1 : 0; };
    EXPECT_TRUE(linker.define("test", "fails", host_function(fails)).ok());
    const auto compute = [](std::int32_t milliseconds) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    };
    EXPECT_TRUE(linker.define("test", "compute", host_function(compute)).ok());
    const auto burn = [](std::int32_t milliseconds) {
      const auto end = thread_time() + std::chrono::milliseconds(milliseconds);
      while (thread_time() < end) {
      }
    };
    EXPECT_TRUE(linker.define("test", "burn", host_function(burn)).ok());
    EXPECT_TRUE(
        linker.define("test", "note", host_function([this](std::int32_t note) { notes.push_back(note); })).ok());
  }

  /// One engine for all tests of a program: making one takes time.
  static wasm::Engine& engine() {
    static wasm::Engine instance = [] {
      wasm::EngineOptions options;
      options.max_instances = 128;
      return std::move(wasm::Engine::create(options)).value();
    }();
    return instance;
  }

  /// CPU time of the thread.
  static std::chrono::nanoseconds thread_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  /// Instances that last, and none that are started ahead.
  static InstanceLife no_warm_instances() {
    InstanceLife life;
    life.warm = 0;
    return life;
  }

  std::shared_ptr<const GuestModule> load(std::string_view text, std::string name = "guest",
                                          const InstanceLife& life = no_warm_instances()) {
    ModuleOptions options;
    options.instances = life;
    options.guests = limits;
    options.guests->max_waiting_calls = max_waiting;
    auto loaded =
        GuestModule::load(engine(), linker, std::move(name), std::as_bytes(std::span(text)),
                          wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10), options, nullptr, memory);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.value();
  }

  /// Serves the guest's method from now on.
  void serve(std::string_view text, const InstanceLife& life = no_warm_instances()) {
    make_pool(load(text, "guest", life));
    notes.clear();  // of the load
  }
  void make_pool(std::shared_ptr<const GuestModule> module) {
    starter.reset();
    pool = std::make_unique<InstancePool>(std::move(module), pool_context());
    starter = std::make_unique<BackgroundStart>(*pool, guest_context());
    calls.hold_for(*pool);
  }
  PoolContext pool_context() { return {*budget, timers, hosts, post}; }
  GuestContext guest_context() { return {scheduler, timers, host_waits, clock}; }
  void begin(TestCall& call) { calls.serve(call, *pool, 0, cost); }
  /// One turn of the worker: timers, then guests. True while there is more to run.
  bool turn() {
    for (const auto& function : std::exchange(posted, {})) function();
    const auto now = rpc::Clock::now();
    timers.run_due(now);
    clock.begin_turn(now);
    scheduler.run_turn();
    return !scheduler.empty() || !posted.empty();
  }
  void run() {
    while (turn()) {
    }
  }
  /// Those that were written before.
  [[nodiscard]] std::vector<std::string>& log_lines() {
    EXPECT_TRUE(log.flush(std::chrono::seconds(20)));
    return lines_;
  }
  [[nodiscard]] bool logged(std::string_view part) {
    for (const std::string& line : log_lines()) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

  GuestLimits limits;                    // of modules loaded from here on
  wasm::MemoryBudget* memory = nullptr;  // what they share, if anything
  wasm::Linker linker;
  std::vector<std::string> lines_;  // of the log, whose thread writes them
  std::vector<std::int32_t> notes;  // what guests said by test.note
  observe::Log log;
  bool starts_fail = false;  // what test.fails answers
  std::size_t max_waiting = 10;
  rpc::TimerQueue timers;
  Scheduler scheduler{[] {}, nullptr, limits.time_slice};
  HostWaits host_waits;
  GuestClock clock;
  ClientHosts hosts;
  std::vector<std::function<void()>> posted;
  const InstanceClaim::Post post = [this](std::function<void()> function) { posted.push_back(std::move(function)); };
  std::unique_ptr<InstanceBudget> budget = std::make_unique<InstanceBudget>(4);
  std::unique_ptr<InstancePool> pool;
  std::unique_ptr<BackgroundStart> starter;
  MethodCost cost;
  GuestCalls calls{guest_context()};
};

}  // namespace wasm_grpc::runtime
