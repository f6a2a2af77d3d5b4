// A file given as a module: it is compiled and linked to all that the host offers, or refused with one line.
#include "wasm/module.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "abi/abi.h"
#include "require.h"
#include "wasi/imports.h"
#include "wasm/engine.h"
#include "wasm/guest_text.h"
#include "wasm/linker.h"

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

const wasm_grpc::wasm::Linker& linker() {
  static const auto made = [] {
    auto linker = std::make_unique<wasm_grpc::wasm::Linker>(engine());
    wasm_grpc::fuzz::require(wasm_grpc::abi::define_imports(*linker).ok(), "the ABIs are offered");
    wasm_grpc::fuzz::require(wasm_grpc::wasi::define_imports(*linker).ok(), "so is WASI");
    return linker;
  }();
  return *made;
}

void require_one_line(const wasm_grpc::Error& error) {
  using wasm_grpc::fuzz::require;
  require(!error.message.empty(), "a refusal says why");
  require(wasm_grpc::wasm::is_printable(error.message), "in one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  const auto module = wasm::Module::compile(engine(), "fuzz", std::as_bytes(std::span(data, size)));
  if (!module.ok()) {
    require_one_line(module.error());
    return 0;
  }
  for (const auto& exported : module.value()->exports()) {
    require(module.value()->find_export(exported.name) != nullptr, "an export is found by its name");
  }
  if (const auto abi = abi::detect(*module.value()); !abi.ok()) require_one_line(abi.error());
  if (const auto linked = linker().link(module.value()); !linked.ok()) require_one_line(linked.error());
  return 0;
}
