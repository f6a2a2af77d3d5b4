// The C++ types that are a number of WebAssembly.
#pragma once

#include <cstdint>

#include "wasm_grpc/caller.h"

namespace wasm_grpc::detail {

template <typename T>
struct GuestNumber;  // not specialised: the type is no number of WebAssembly

template <typename T, ValueType value_type>
struct GuestNumberOf {
  static constexpr ValueType type = value_type;
  static T read(const RawValue* values) noexcept {
    if constexpr (type == ValueType::i32) return static_cast<T>(values->i32);
    if constexpr (type == ValueType::i64) return static_cast<T>(values->i64);
    if constexpr (type == ValueType::f32) return values->f32;
    if constexpr (type == ValueType::f64) return values->f64;
  }
  static void write(RawValue* values, T value) noexcept {
    if constexpr (type == ValueType::i32) values->i32 = static_cast<std::int32_t>(value);
    if constexpr (type == ValueType::i64) values->i64 = static_cast<std::int64_t>(value);
    if constexpr (type == ValueType::f32) values->f32 = value;
    if constexpr (type == ValueType::f64) values->f64 = value;
  }
};
template <>
struct GuestNumber<std::int32_t> : GuestNumberOf<std::int32_t, ValueType::i32> {};
template <>
struct GuestNumber<std::uint32_t> : GuestNumberOf<std::uint32_t, ValueType::i32> {};
template <>
struct GuestNumber<std::int64_t> : GuestNumberOf<std::int64_t, ValueType::i64> {};
template <>
struct GuestNumber<std::uint64_t> : GuestNumberOf<std::uint64_t, ValueType::i64> {};
template <>
struct GuestNumber<float> : GuestNumberOf<float, ValueType::f32> {};
template <>
struct GuestNumber<double> : GuestNumberOf<double, ValueType::f64> {};

}  // namespace wasm_grpc::detail
