// The host modules that every server has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "wasm_grpc/host_module.h"
#include "wasm_grpc/rpc/trace.h"

namespace wasm_grpc::store {
class Stores;
}

namespace wasm_grpc::hostmodules {

inline constexpr std::string_view atomics_module = "wasm_grpc_atomics_1";
inline constexpr std::string_view kv_module = "wasm_grpc_kv_1";
/// From where guests import what a host may not have, and answers UNSUPPORTED then (Linker::make_optional()).
inline constexpr std::string_view optional_kv_module = "wasm_grpc_kv_1_optional";
inline constexpr std::string_view trace_module = "wasm_grpc_trace_1";
inline constexpr std::string_view wazero_atomic_module = "pantopic/wazero-atomic";
inline constexpr std::string_view ext_atomic_module = "pantopic/ext-atomic";
inline constexpr std::string_view assembly_script_module = "env";

/// Named counters, in memory.
[[nodiscard]] HostModule atomics();
/// A key-value store, in memory.
[[nodiscard]] HostModule kv();
/// The same for guest modules whose state is not kept in memory. Each stands in for the one above.
[[nodiscard]] HostModule stored_atomics(std::shared_ptr<store::Stores> stores);
[[nodiscard]] HostModule stored_kv(std::shared_ptr<store::Stores> stores);
/// Counters as guests of pantopic/wazero-atomic import them.
[[nodiscard]] HostModule wazero_atomic();
/// The same under its newer name.
[[nodiscard]] HostModule ext_atomic();
/// The span of the call that the guest knows by this number; nullptr where it knows none, or the call is not sampled.
using CallSpanFunction = std::function<rpc::CallSpan*(Caller& caller, std::int32_t call)>;
/// Spans of a guest's own.
[[nodiscard]] HostModule trace(CallSpanFunction span_of);
/// Gets a line that a guest logs. Called by several threads at once.
using GuestLogFunction = std::function<void(Caller& caller, LogLevel level, std::string_view text)>;
/// What AssemblyScript imports by default.
[[nodiscard]] HostModule assembly_script(GuestLogFunction log);

}  // namespace wasm_grpc::hostmodules
