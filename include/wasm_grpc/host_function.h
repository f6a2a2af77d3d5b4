// Functions of the host that guests import, written as ordinary C++ callables.
//
//   HostFunction f = host_function([](Caller& caller, std::string_view key, std::int64_t by) -> std::int64_t { … });
//
// A parameter is one of:
//   Caller&                                    optional, first: the guest that calls
//   std::int32_t, std::uint32_t                a wasm i32
//   std::int64_t, std::uint64_t                a wasm i64
//   float, double                              a wasm f32, f64
//   std::string_view, std::span<const std::byte>, std::span<std::byte>
//                                              two i32: pointer and length, checked against the guest's memory
//   GuestPointer<T>                            one i32: where a T lies in the guest's memory, checked
// and the result void, one of the numbers, or Result<> of these, whose error traps the guest with its message. A
// pointer that fails its check traps the guest before the callable runs. An exception that escapes becomes a trap.
//
// Spans into guest memory live until the callable returns and are overwritten by the guest at will: copy first what
// must not change between two looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc {

/// The value types of WebAssembly that host functions use.
enum class ValueType : std::uint8_t { i32, i64, f32, f64 };

/// One argument or result as the engine lays it out.
union alignas(8) RawValue {
  std::int32_t i32;
  std::int64_t i64;
  float f32;
  double f64;
  std::byte bytes[16];
};

/// The guest that calls a host function. Lives for that one call.
class Caller {
 public:
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  /// The name of the calling module.
  [[nodiscard]] std::string_view module_name() const noexcept { return module_name_; }
  /// The guest's whole memory now.
  [[nodiscard]] std::span<std::byte> memory() const noexcept { return memory_; }

  /// `size` bytes at `pointer`. When they are not all inside the guest's memory: an empty span, and the guest traps
  /// when the host function returns.
  [[nodiscard]] std::span<std::byte> range(std::uint32_t pointer, std::uint32_t size) noexcept {
    if (std::uint64_t{pointer} + size > memory_.size()) {
      trap_out_of_bounds(pointer, size);
      return {};
    }
    return memory_.subspan(pointer, size);
  }

  /// Traps the guest, with this message in the log, when the host function returns. The first one counts.
  void trap(std::string message);
  [[nodiscard]] bool trapped() const noexcept { return trapped_; }

 protected:
  Caller(std::string_view module_name, std::span<std::byte> memory) : module_name_(module_name), memory_(memory) {}
  ~Caller() = default;

  std::string trap_message_;

 private:
  void trap_out_of_bounds(std::uint32_t pointer, std::uint32_t size) noexcept;

  std::string_view module_name_;
  std::span<std::byte> memory_;
  bool trapped_ = false;
};

/// Where a T lies in the guest's memory: checked to be inside, not to be aligned.
template <typename T>
  requires std::is_trivially_copyable_v<T>
class GuestPointer {
 public:
  explicit GuestPointer(std::byte* place) : place_(place) {}
  [[nodiscard]] T load() const noexcept {
    T value;
    std::memcpy(&value, place_, sizeof(T));
    return value;
  }
  void store(const T& value) const noexcept { std::memcpy(place_, &value, sizeof(T)); }

 private:
  std::byte* place_;
};

/// A host function with its types erased. Must be callable from several worker threads at once.
struct HostFunction {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;
  /// Reads the arguments from `values` and writes the result to values[0].
  std::function<void(Caller&, RawValue* values)> invoke;
};

namespace detail {

template <typename T>
struct Marshal;  // not specialised: the type cannot cross into a guest

template <typename T, ValueType type>
struct NumberMarshal {
  static constexpr std::size_t slots = 1;
  static void declare(std::vector<ValueType>& types) { types.push_back(type); }
  static T read(Caller&, const RawValue* values) noexcept {
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
struct Marshal<std::int32_t> : NumberMarshal<std::int32_t, ValueType::i32> {};
template <>
struct Marshal<std::uint32_t> : NumberMarshal<std::uint32_t, ValueType::i32> {};
template <>
struct Marshal<std::int64_t> : NumberMarshal<std::int64_t, ValueType::i64> {};
template <>
struct Marshal<std::uint64_t> : NumberMarshal<std::uint64_t, ValueType::i64> {};
template <>
struct Marshal<float> : NumberMarshal<float, ValueType::f32> {};
template <>
struct Marshal<double> : NumberMarshal<double, ValueType::f64> {};

struct RangeMarshal {
  static constexpr std::size_t slots = 2;
  static void declare(std::vector<ValueType>& types) {
    types.push_back(ValueType::i32);
    types.push_back(ValueType::i32);
  }
  static std::span<std::byte> bytes(Caller& caller, const RawValue* values) noexcept {
    return caller.range(static_cast<std::uint32_t>(values[0].i32), static_cast<std::uint32_t>(values[1].i32));
  }
};
template <>
struct Marshal<std::span<std::byte>> : RangeMarshal {
  static std::span<std::byte> read(Caller& caller, const RawValue* values) noexcept { return bytes(caller, values); }
};
template <>
struct Marshal<std::span<const std::byte>> : RangeMarshal {
  static std::span<const std::byte> read(Caller& caller, const RawValue* values) noexcept {
    return bytes(caller, values);
  }
};
template <>
struct Marshal<std::string_view> : RangeMarshal {
  static std::string_view read(Caller& caller, const RawValue* values) noexcept {
    const auto range = bytes(caller, values);
    return {reinterpret_cast<const char*>(range.data()), range.size()};
  }
};
template <typename T>
struct Marshal<GuestPointer<T>> {
  static constexpr std::size_t slots = 1;
  static void declare(std::vector<ValueType>& types) { types.push_back(ValueType::i32); }
  static GuestPointer<T> read(Caller& caller, const RawValue* values) noexcept {
    return GuestPointer<T>(caller.range(static_cast<std::uint32_t>(values->i32), sizeof(T)).data());
  }
};

template <typename R>
struct ResultType {
  using Value = R;
  static constexpr bool can_fail = false;
};
template <typename R>
struct ResultType<Result<R>> {
  using Value = std::conditional_t<std::is_same_v<R, std::monostate>, void, R>;
  static constexpr bool can_fail = true;
};

template <typename R, bool with_caller, typename... Args>
struct Signature {
  using Return = R;
  static constexpr bool takes_caller = with_caller;
  using Arguments = std::tuple<Args...>;
};
template <typename F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};
template <typename C, typename R, typename... Args>
struct SignatureOf<R (C::*)(Args...) const> {
  using Type = Signature<R, false, std::decay_t<Args>...>;
};
template <typename C, typename R, typename... Args>
struct SignatureOf<R (C::*)(Caller&, Args...) const> {
  using Type = Signature<R, true, std::decay_t<Args>...>;
};
template <typename R, typename... Args>
struct SignatureOf<R (*)(Args...)> {
  using Type = Signature<R, false, std::decay_t<Args>...>;
};
template <typename R, typename... Args>
struct SignatureOf<R (*)(Caller&, Args...)> {
  using Type = Signature<R, true, std::decay_t<Args>...>;
};

/// Where the I-th of the Args begins among the slots.
template <std::size_t I, typename... Args>
constexpr std::size_t slot_of() {
  constexpr std::size_t widths[] = {Marshal<Args>::slots..., 0};
  std::size_t slot = 0;
  for (std::size_t i = 0; i < I; ++i) slot += widths[i];
  return slot;
}

template <typename F, typename R, bool with_caller, typename... Args, std::size_t... I>
HostFunction make_host_function(F callable, Signature<R, with_caller, Args...>, std::index_sequence<I...>) {
  using Value = typename ResultType<R>::Value;
  HostFunction function;
  (Marshal<Args>::declare(function.parameters), ...);
  if constexpr (!std::is_void_v<Value>) Marshal<Value>::declare(function.results);
  function.invoke = [callable = std::move(callable)](Caller& caller, [[maybe_unused]] RawValue* values) {
    [[maybe_unused]] std::tuple<Args...> arguments{Marshal<Args>::read(caller, values + slot_of<I, Args...>())...};
    if (caller.trapped()) return;
    const auto call = [&]() -> R {
      if constexpr (with_caller) {
        return callable(caller, std::get<I>(arguments)...);
      } else {
        return callable(std::get<I>(arguments)...);
      }
    };
    if constexpr (ResultType<R>::can_fail) {
      R result = call();
      if (!result.ok()) {
        caller.trap(result.error().message);
      } else if constexpr (!std::is_void_v<Value>) {
        Marshal<Value>::write(values, result.value());
      }
    } else if constexpr (std::is_void_v<Value>) {
      call();
    } else {
      Marshal<Value>::write(values, call());
    }
  };
  return function;
}

}  // namespace detail

/// Erases the types of `callable`; see the top of this file for what it may take and return.
template <typename F>
[[nodiscard]] HostFunction host_function(F callable) {
  using Signature = typename detail::SignatureOf<F>::Type;
  return detail::make_host_function(std::move(callable), Signature{},
                                    std::make_index_sequence<std::tuple_size_v<typename Signature::Arguments>>{});
}

}  // namespace wasm_grpc
