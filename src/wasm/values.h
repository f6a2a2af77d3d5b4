// How the values of host functions and the engine's become each other.
#pragma once

#include <wasmtime.h>

#include <array>

#include "wasm_grpc/caller.h"

namespace wasm_grpc::wasm {

/// By ValueType.
inline constexpr std::array<wasmtime_valkind_t, 4> value_kinds = {WASMTIME_I32, WASMTIME_I64, WASMTIME_F32,
                                                                  WASMTIME_F64};

[[nodiscard]] inline RawValue read_value(const wasmtime_val_t& from) noexcept {
  RawValue to{};
  switch (from.kind) {
    case WASMTIME_I64:
      to.i64 = from.of.i64;
      break;
    case WASMTIME_F32:
      to.f32 = from.of.f32;
      break;
    case WASMTIME_F64:
      to.f64 = from.of.f64;
      break;
    default:
      to.i32 = from.of.i32;
  }
  return to;
}

/// `to.kind` says which.
inline void write_value(const RawValue& from, wasmtime_val_t& to) noexcept {
  switch (to.kind) {
    case WASMTIME_I64:
      to.of.i64 = from.i64;
      break;
    case WASMTIME_F32:
      to.of.f32 = from.f32;
      break;
    case WASMTIME_F64:
      to.of.f64 = from.f64;
      break;
    default:
      to.of.i32 = from.i32;
  }
}

}  // namespace wasm_grpc::wasm
