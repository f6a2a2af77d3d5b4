#include "wasm/prepared_function.h"

#include <wasmtime.h>

// In engine/src/prepared.rs.
extern "C" {
wasm_grpc::wasm::EngineFunction* wasm_grpc_function_prepare(wasmtime_context_t* context,
                                                            const wasmtime_func_t* function, std::size_t parameters,
                                                            bool has_result);
void wasm_grpc_function_delete(wasm_grpc::wasm::EngineFunction* function);
void wasm_grpc_function_begin(wasm_grpc::wasm::EngineFunction* function, const std::int32_t* arguments,
                              std::size_t count);
bool wasm_grpc_function_poll(wasm_grpc::wasm::EngineFunction* function, std::int32_t* result, wasm_trap_t** trap);
void wasm_grpc_function_end(wasm_grpc::wasm::EngineFunction* function);
}

namespace wasm_grpc::wasm {

PreparedFunction::PreparedFunction(wasmtime_context* context, const wasmtime_func& function, std::size_t parameters,
                                   bool has_result)
    : function_(wasm_grpc_function_prepare(context, &function, parameters, has_result)),
      parameters_(parameters),
      has_result_(has_result) {}

void PreparedFunction::Deleter::operator()(EngineFunction* function) const noexcept {
  wasm_grpc_function_delete(function);
}

void PreparedFunction::begin(std::span<const std::int32_t> arguments) noexcept {
  wasm_grpc_function_begin(function_.get(), arguments.data(), arguments.size());
}

bool PreparedFunction::poll(std::int32_t& result, wasm_trap_t*& trap) noexcept {
  return wasm_grpc_function_poll(function_.get(), &result, &trap);
}

void PreparedFunction::end() noexcept { wasm_grpc_function_end(function_.get()); }

}  // namespace wasm_grpc::wasm
