// A file given as a module: it is compiled, or refused with one line.
#include "wasm/module.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "require.h"
#include "wasm/engine.h"

namespace {

const wasm_grpc::wasm::Engine& engine() {
  static const auto made = [] {
    wasm_grpc::wasm::EngineOptions options;
    options.max_instances = 1;
    return wasm_grpc::wasm::Engine::create(options);
  }();
  wasm_grpc::fuzz::require(made.ok(), "there is an engine");
  return made.value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  const auto module = wasm::Module::compile(engine(), "fuzz", std::as_bytes(std::span(data, size)));
  if (!module.ok()) {
    require(!module.error().message.empty(), "a refusal says why");
    require(module.error().message.find('\n') == std::string::npos, "in one line");
    return 0;
  }
  for (const auto& exported : module.value()->exports()) {
    require(module.value()->find_export(exported.name) != nullptr, "an export is found by its name");
  }
  return 0;
}
