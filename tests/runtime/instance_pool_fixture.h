// Instances of a pool for tests, and who takes them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/abi.h"
#include "runtime/instances/instance_pool.h"
#include "wasi/imports.h"
#include "wasm/engine.h"

namespace wasm_grpc::runtime {

inline constexpr std::string_view pooled_module = R"((module
  (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "/a.B/C")
  (func (export "wasm_grpc_start")
    (drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))";

/// Takes an instance and keeps it.
class Waiter final : public InstanceWaiter {
 public:
  Waiter() = default;
  explicit Waiter(const rpc::Client& client, bool silent = false) {
    client_ = &client;
    silent_ = silent;
  }
  void take_instance(std::unique_ptr<GuestInstance> given, bool was_started) noexcept override {
    instance = std::move(given);
    started = was_started;
  }
  void refuse_instance(NoInstance why) noexcept override {
    refused = true;
    reason = why;
  }
  bool refused = false;
  std::optional<NoInstance> reason;
  std::unique_ptr<GuestInstance> instance;
  std::optional<bool> started;
};

struct InstancePoolTest : testing::Test {
  InstancePoolTest() : engine(make_engine()), linker(engine), log(LogLevel::error, LogFunction()) {
    EXPECT_TRUE(abi::define_imports(linker).ok());
    EXPECT_TRUE(wasi::define_imports(linker).ok());
  }
  static wasm::Engine make_engine() {
    wasm::EngineOptions options;
    options.max_instances = 8;
    return std::move(wasm::Engine::create(options)).value();
  }
  std::shared_ptr<const GuestModule> load(std::string name, std::size_t max_waiting = 10) {
    auto sandbox = wasi::Sandbox::create({});
    ModuleOptions options;
    options.instances.warm = 0;
    options.guests.emplace().max_waiting_calls = max_waiting;
    auto loaded = GuestModule::load(engine, linker, std::move(name), std::as_bytes(std::span(pooled_module)),
                                    sandbox.value(), log, std::chrono::seconds(10), options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.value();
  }

  wasm::Engine engine;
  wasm::Linker linker;
  observe::Log log;
  rpc::TimerQueue timers;
  ClientHosts hosts;
  std::vector<std::function<void()>> posted;
  const InstanceClaim::Post post = [this](std::function<void()> function) { posted.push_back(std::move(function)); };
  /// What workers have been asked to do, and what follows from that.
  void settle() {
    while (!posted.empty()) {
      for (const auto& function : std::exchange(posted, {})) function();
    }
  }
  using Admission = InstancePool::Admission;
};

/// Connections of clients, each from a host of its own unless it is told otherwise.
struct SharesTest : InstancePoolTest {
  const rpc::Client& connect(const std::string& host) {
    const auto number = clients.size() + 1;
    clients.push_back(std::make_shared<rpc::Client>(number, host + ":" + std::to_string(number)));
    return *clients.back();
  }
  Waiter& waiter(const rpc::Client& client, bool silent = false) {
    return *waiters.emplace_back(std::make_unique<Waiter>(client, silent));
  }
  /// Ends what it has, as a call does.
  void end(InstancePool& pool, Waiter& waiter) {
    pool.stop_counting(waiter);
    pool.give_back(std::move(waiter.instance));
  }
  void end_all(InstancePool& pool) {
    for (const auto& one : waiters) {
      pool.cancel(*one);
      pool.stop_counting(*one);
      if (one->instance != nullptr) pool.discard(std::move(one->instance));
    }
  }
  std::vector<std::shared_ptr<rpc::Client>> clients;
  std::vector<std::unique_ptr<Waiter>> waiters;
};

}  // namespace wasm_grpc::runtime
