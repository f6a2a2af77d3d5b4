// Guests that import from the host's modules, run by hand.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "hostmodules/answers.h"
#include "hostmodules/modules.h"
#include "runtime/guest_fixture.h"
#include "runtime/instances/host_waits.h"
#include "store/stores.h"

namespace wasm_grpc::hostmodules {

using runtime::GuestInstance;
using runtime::GuestModule;
using wasm::Progress;

/// A module that imports counters and the store, keys in its memory, and calls what the test says in its export "f".
/// `imports` and `more` are put into it, among its imports and after them.
inline std::string text(std::string_view body, std::string_view imports = "", std::string_view more = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_atomics_1" "counter" (func $counter (param i32 i32) (result i32)))
    (import "wasm_grpc_atomics_1" "load" (func $load (param i32) (result i64)))
    (import "wasm_grpc_atomics_1" "store" (func $store (param i32 i64)))
    (import "wasm_grpc_atomics_1" "add" (func $add (param i32 i64) (result i64)))
    (import "wasm_grpc_atomics_1" "exchange" (func $exchange (param i32 i64) (result i64)))
    (import "wasm_grpc_atomics_1" "compare_exchange" (func $cas (param i32 i64 i64) (result i64)))
    (import "wasm_grpc_kv_1" "get" (func $get (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_kv_1" "set" (func $set (param i32 i32 i32 i32 i64 i64) (result i64)))
    (import "wasm_grpc_kv_1" "remove" (func $remove (param i32 i32 i64) (result i32)))
    )" + std::string(imports) +
         R"(
    (memory (export "memory") 1)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 100) "name" "other")
    (func $i32 (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
    (func $set_if (param $version i64) (result i64)
      (call $set (i32.const 100) (i32.const 4) (i32.const 104) (i32.const 5) (i64.const -1) (local.get $version)))
    (func $remove_if (param $version i64) (result i32)
      (call $remove (i32.const 100) (i32.const 4) (local.get $version)))
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 20) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) (i32.const 0))
    (func (export "f") (result i32) )" +
         std::string(body) + ") " + std::string(more) + ")";
}

/// Its state is in memory, unless the test says otherwise by `options`.
struct HostModulesTest : runtime::GuestTest {
  HostModulesTest() {
    linker.make_optional(kv_module, optional_kv_module, UNSUPPORTED);
    for (auto* const make : {atomics, kv, wazero_atomic, ext_atomic}) EXPECT_TRUE(linker.define(make()).ok());
    const auto stores = std::make_shared<store::Stores>([](LogLevel, const std::string&) {});
    for (auto* const make : {stored_atomics, stored_kv}) EXPECT_TRUE(linker.define(make(stores)).ok());
    options.shared_state = {.max_counters = 3, .max_kv_bytes = 2000, .max_kv_value = 500};
  }

  Result<std::shared_ptr<GuestModule>> try_load(const std::string& module_text) {
    return GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(module_text)),
                             wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10), options);
  }
  [[nodiscard]] virtual std::string module_text(std::string_view body) const { return text(body); }
  /// A module of another name each time.
  void load(std::string_view body) {
    options.name = "guest-" + std::to_string(++loads);
    auto loaded = try_load(module_text(body));
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    take(loaded.value());
  }
  void take(std::shared_ptr<const GuestModule> other) {
    last.reset();  // no instance outlives its module
    module = std::move(other);
  }
  std::unique_ptr<GuestInstance> start() {
    auto guest = std::make_unique<GuestInstance>(*module, &module->declaration());
    EXPECT_EQ(guest->poll_start(), Progress::done);
    return guest;
  }
  /// What "f" of a new instance answers; `trap` is what it failed with.
  std::int32_t answer() {
    last = start();
    last->instance.begin_call(*last->instance.find_function("f"), {}, true);
    trap.clear();
    Progress progress{};
    while ((progress = last->instance.poll()) == Progress::suspended) {
      runtime::wait_here(last->instance.suspension(), wasm::Clock::now() + std::chrono::seconds(20));
    }
    if (progress == Progress::done) return last->instance.result();
    trap = last->instance.failure().message;
    return -1000;
  }
  std::int32_t answer_to(std::string_view body) {
    load(body);
    return answer();
  }
  std::uint64_t number_at(std::size_t place) {
    std::uint64_t number = 0;
    std::memcpy(&number, last->instance.memory().data() + place, sizeof(number));
    return number;
  }

  ModuleOptions options;
  int loads = 0;
  std::shared_ptr<const GuestModule> module;
  std::unique_ptr<GuestInstance> last;
  std::string trap;
};

}  // namespace wasm_grpc::hostmodules
