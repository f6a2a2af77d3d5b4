// What is told of a module: ModuleInfo of wasm_grpc/server.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::wasm {
class CodeCache;
class Engine;
struct EngineOptions;
}  // namespace wasm_grpc::wasm

namespace wasm_grpc::runtime {

class GuestModule;

/// The services of these methods, each once.
[[nodiscard]] std::vector<std::string> service_names(std::span<const MethodInfo> methods);
/// Of a module that was loaded.
[[nodiscard]] ModuleInfo describe(const GuestModule& guest, const wasm::EngineOptions& engine);
/// Of a module that is only compiled, or taken from the cache, which may be nullptr. The error is one line without the
/// module's name.
[[nodiscard]] Result<ModuleInfo> inspect(const wasm::Engine& engine, std::string name, std::span<const std::byte> bytes,
                                         const wasm::CodeCache* cache);

}  // namespace wasm_grpc::runtime
