// Which signals the threads of a server hear.
#pragma once

namespace wasm_grpc::wasm {

/// Leaves signals to the threads that expect them, from here on, on the calling one. Those that report a fault of guest
/// code stay: they must reach the thread that caused it, where the engine turns them into traps.
void block_signals() noexcept;

}  // namespace wasm_grpc::wasm
