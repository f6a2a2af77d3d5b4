// Runs guests written as WebAssembly text against the ABI.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "abi/abi.h"
#include "abi/client_1/binding.h"
#include "abi/test_call.h"
#include "wasm/engine.h"
#include "wasm/epoch.h"
#include "wasm/instance.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::abi {

class HealthChanges final : public HealthSink {
 public:
  void set_serving(std::string_view service, bool serving) noexcept override {
    lines.push_back(std::string(service) + (serving ? " is serving" : " is not serving"));
  }
  std::vector<std::string> lines;
};

class LogLines final : public LogSink {
 public:
  void log(std::string_view module, LogLevel level, std::string_view text, const rpc::Call* call) noexcept override {
    lines.push_back(std::string(module) + " " + std::to_string(static_cast<int>(level)) + " " + std::string(text));
    during.push_back(call);
  }
  void log_call(std::string_view module, LogLevel level, std::string_view text, const rpc::Call& call,
                std::span<const LogField> fields) noexcept override {
    log(module, level, text, &call);
    lines.back() += " of " + call.method().path;
    for (const LogField& field : fields) lines.back() += " " + std::string(field.key) + "=" + std::string(field.value);
  }
  std::vector<std::string> lines;
  std::vector<const rpc::Call*> during;  // which call each was said
};

/// One engine for all tests of a program: making one takes time.
inline wasm::Engine& engine() {
  static wasm::Engine instance = [] {
    wasm::EngineOptions options;
    options.max_instances = 16;
    return std::move(wasm::Engine::create(options)).value();
  }();
  return instance;
}

/// Grants the target "next".
class NextGranted final : public client_1::Grants {
 public:
  [[nodiscard]] bool has(std::string_view target) const noexcept override { return target == "next"; }
};

/// A guest from text: one module with one instance.
class Guest {
 public:
  /// Compiles, links and starts it; `error` says what failed.
  explicit Guest(std::string_view text, const Declaration* expected = nullptr) { error = start(text, expected); }

  struct Outcome {
    bool returned = false;
    std::string failure;  // of a trap
  };

  /// Runs one call to its end. What suspends is polled until it is over; a suspension without an end is a bug of a
  /// test.
  Outcome run(TestCall& call, std::int32_t tag = 0) {
    if (binding->begin_call(call, tag) != CallStep::fiber) return {true, {}};
    return finish_run();
  }
  Outcome finish_run() {
    const auto give_up = wasm::Clock::now() + std::chrono::seconds(20);
    while (wasm::Clock::now() < give_up) {
      switch (instance->poll()) {
        case wasm::Progress::done:
          if (binding->continue_call() != CallStep::fiber) return {true, {}};
          break;
        case wasm::Progress::failed:
          return {false, instance->failure().message};
        default:
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    instance->drop();
    return {false, "did not end"};
  }

  std::string error;
  LogLines log;
  HealthChanges health;
  Limits limits{4 << 20, 64 << 20, 128 << 20, std::chrono::seconds(10), std::chrono::seconds(60)};
  std::unique_ptr<wasm::Instance> instance;
  std::unique_ptr<Binding> binding;
  NextGranted granted;
  std::unique_ptr<client_1::InstanceBinding> client;  // of a module that imports wasm_grpc_client_1

 private:
  std::string start(std::string_view text, const Declaration* expected) {
    auto compiled = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
    if (!compiled.ok()) return compiled.error().message;
    auto abi = detect(*compiled.value());
    if (!abi.ok()) return abi.error().message;
    wasm::Linker linker(engine());
    if (auto defined = define_imports(linker); !defined.ok()) return defined.error().message;
    auto bound = linker.link(compiled.value());
    if (!bound.ok()) return bound.error().message;
    linked_ = bound.value();
    instance = std::make_unique<wasm::Instance>(*linked_);
    binding = abi.value()->bind(*instance, {log, &health, limits}, expected);
    if (client_1::imports_any(linked_->module())) {
      client = std::make_unique<client_1::InstanceBinding>(*instance, *binding, granted);
    }
    while (true) {
      auto step = binding->begin_next_start_step();
      if (!step.ok()) return step.error().message;
      if (!step.value()) return client == nullptr ? std::string() : client->refusal();
      wasm::Progress progress{};
      while ((progress = instance->poll()) != wasm::Progress::done) {
        if (progress == wasm::Progress::failed) {
          if (binding->start_step_exited_well()) break;
          return instance->failure().message;
        }
      }
    }
  }

  std::shared_ptr<const wasm::LinkedModule> linked_;
};

/// A module with every import of ABI 1, one page of memory, and the given bodies. `start` may use the imports; `call`
/// has the parameters $call and $tag and returns an i32.
inline std::string module_text(std::string_view start, std::string_view call, std::string_view more = "") {
  return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "descriptors" (func $descriptors (param i32 i32) (result i32)))
    (import "wasm_grpc_1" "placement" (func $placement (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "health_set" (func $health_set (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "metadata_list" (func $metadata_list (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "timer" (func $timer (param i32 i64) (result i32)))
    (import "wasm_grpc_1" "headers_send" (func $headers_send (param i32) (result i32)))
    (import "wasm_grpc_1" "http_status" (func $http_status (param i32 i32) (result i32)))
    (import "wasm_grpc_1" "compress" (func $compress (param i32 i32) (result i32)))
    (import "wasm_grpc_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
    (import "wasm_grpc_1" "log" (func $log (param i32 i32 i32)))
    (import "wasm_grpc_1" "wait_any" (func $wait_any (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "wait_fd" (func $wait_fd (param i32 i32) (result i32)))
    (import "wasm_grpc_1" "log_call" (func $log_call (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "alarm" (func $alarm (param i64) (result i32)))
    (import "wasm_grpc_1" "ending" (func $ending (param i32) (result i32)))
    (memory (export "memory") 1 4)
    (data (i32.const 0) "/test.Service/Method")
    (data (i32.const 64) "x-key")
    (data (i32.const 80) "value")
    (global $at (mut i32) (i32.const 4096))
    ;; Notes an answer, to be reported.
    (func $note (param i32) (i32.store (global.get $at) (local.get 0))
                            (global.set $at (i32.add (global.get $at) (i32.const 4))))
    ;; Sends the answers noted so far as one message.
    (func $report (param $call i32) (result i32)
      (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
    (func $declare (param $kind i32) (result i32)
      (call $method (i32.const 0) (i32.const 20) (local.get $kind) (i32.const 0) (i32.const 0)))
    (func (export "wasm_grpc_start") )" +
         std::string(start) + R"()
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32) )" +
         std::string(call) + ") " + std::string(more) + ")";
}

/// The i32s of a reported message.
inline std::vector<std::int32_t> numbers(const std::string& message) {
  std::vector<std::int32_t> out(message.size() / 4);
  std::memcpy(out.data(), message.data(), out.size() * 4);
  return out;
}

}  // namespace wasm_grpc::abi
