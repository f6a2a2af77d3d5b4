// What the tests of the engine share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::wasm::test {

template <typename T>
T expect_value(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

inline Engine make_engine(std::uint32_t max_instances = 4) {
  EngineOptions options;
  options.max_instances = max_instances;
  options.max_memory_bytes = std::size_t{4} << 20;
  return expect_value(Engine::create(options));
}

inline Result<std::shared_ptr<const Module>> compile(const Engine& engine, std::string_view text) {
  return Module::compile(engine, "guest", std::as_bytes(std::span(text)));
}

/// An engine, host functions, and one instance of a module.
class Sandboxed {
 public:
  explicit Sandboxed(std::string_view text, const std::function<void(Linker&)>& define = {})
      : engine(make_engine()), linker(engine) {
    if (define) define(linker);
    linked = expect_value(linker.link(expect_value(compile(engine, text))));
    instance = std::make_unique<Instance>(*linked);
  }

  Progress instantiate() {
    instance->begin_instantiate();
    return finish();
  }
  void begin(std::string_view name, std::initializer_list<std::int32_t> arguments = {}, bool has_result = true) {
    const auto function = instance->find_function(name);
    if (!function) throw std::runtime_error("no export " + std::string(name));
    instance->begin_call(*function, std::span(arguments.begin(), arguments.size()), has_result);
  }
  /// Polls until the fiber is done or has failed, for 20 s at most.
  Progress finish() {
    const auto give_up = Clock::now() + std::chrono::seconds(20);
    Progress progress = Progress::sliced;
    while (Clock::now() < give_up) {
      progress = instance->poll();
      if (progress == Progress::done || progress == Progress::failed) break;
    }
    return progress;
  }
  /// Calls an export; throws when it does not end well.
  std::int32_t call(std::string_view name, std::initializer_list<std::int32_t> arguments = {}) {
    begin(name, arguments);
    if (finish() != Progress::done) throw std::runtime_error(instance->failure().describe());
    return instance->result();
  }

  Engine engine;
  Linker linker;
  std::shared_ptr<const LinkedModule> linked;
  std::unique_ptr<Instance> instance;
};

}  // namespace wasm_grpc::wasm::test
