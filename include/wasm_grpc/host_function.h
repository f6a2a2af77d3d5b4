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
//   ModuleState<T>, InstanceState<T>           nothing of wasm: what its HostModule keeps (host_module.h)
//   Completion<R>                              nothing of wasm, once: the function answers later (completion.h)
// and the result void, one of the numbers, or Result<> of these, whose error traps the guest with its message. A
// pointer that fails its check traps the guest before the callable runs. An exception that escapes becomes a trap.
//
// A callable that takes a Completion<R> returns void, and guests import it with the result R. When it has not completed
// by the time it returns, the guest's fiber is suspended until it does; its worker goes on with other calls, and the
// wait is not counted as the guest's CPU time. In handler style the call is dropped when its client goes meanwhile; in
// event style the instance's other events wait. Each call costs more than one of a plain function, also when it answers
// at once.
//
// Spans into guest memory live until the callable returns and are overwritten by the guest at will: copy first what
// must not change between two looks. They live again while what Completion::complete_with() was given runs: the memory
// of a guest that waits stays where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "wasm_grpc/caller.h"
#include "wasm_grpc/completion.h"
#include "wasm_grpc/guest_number.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc {

/// What all instances of the calling module share: see HostModule::module_state(). Several threads use it at once.
template <typename T>
class ModuleState {
 public:
  explicit ModuleState(T& state) : state_(&state) {}
  [[nodiscard]] T& operator*() const noexcept { return *state_; }
  [[nodiscard]] T* operator->() const noexcept { return state_; }

 private:
  T* state_;
};

/// What the calling instance has to itself: see HostModule::instance_state().
template <typename T>
class InstanceState {
 public:
  explicit InstanceState(T& state) : state_(&state) {}
  [[nodiscard]] T& operator*() const noexcept { return *state_; }
  [[nodiscard]] T* operator->() const noexcept { return state_; }

 private:
  T* state_;
};

/// A host function with its types erased. Must be callable from several worker threads at once.
struct HostFunction {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;
  /// Reads the arguments from `values` and writes the result to values[0], now or later.
  std::function<void(Caller&, RawValue* values)> invoke;
  /// It takes a Completion: the guest may be suspended in it.
  bool suspends = false;
  /// The T of the ModuleState<T> and InstanceState<T> it takes; null where it takes none.
  const std::type_info* module_state = nullptr;
  const std::type_info* instance_state = nullptr;
};

namespace detail {

template <typename T>
struct Marshal;  // not specialised: the type cannot cross into a guest

/// The numbers.
template <typename T>
  requires requires { GuestNumber<T>::type; }
struct Marshal<T> {
  static constexpr std::size_t slots = 1;
  static void declare(std::vector<ValueType>& types) { types.push_back(GuestNumber<T>::type); }
  static T read(Caller&, const RawValue* values) noexcept { return GuestNumber<T>::read(values); }
  static void write(RawValue* values, T value) noexcept { GuestNumber<T>::write(values, value); }
};

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

template <typename T>
struct Marshal<ModuleState<T>> {
  static constexpr std::size_t slots = 0;
  static void declare(std::vector<ValueType>&) {}
  static ModuleState<T> read(Caller& caller, const RawValue*) noexcept {
    return ModuleState<T>(*static_cast<T*>(caller.module_state()));
  }
};
template <typename T>
struct Marshal<InstanceState<T>> {
  static constexpr std::size_t slots = 0;
  static void declare(std::vector<ValueType>&) {}
  static InstanceState<T> read(Caller& caller, const RawValue*) noexcept {
    return InstanceState<T>(*static_cast<T*>(caller.instance_state()));
  }
};

/// What an argument asks of the function's host.
template <typename T>
struct Needs {
  static void note(HostFunction&) {}
};
template <typename T>
struct Needs<ModuleState<T>> {
  static void note(HostFunction& function) { function.module_state = &typeid(T); }
};
template <typename T>
struct Needs<InstanceState<T>> {
  static void note(HostFunction& function) { function.instance_state = &typeid(T); }
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

/// Where a callable's Completion is among its parameters: R of the last one, or `None`.
struct None {};
template <typename... Args>
struct CompletionType {
  using Type = None;
};
template <typename R, typename... Rest>
struct CompletionType<Completion<R>, Rest...> {
  static_assert(std::is_same_v<typename CompletionType<Rest...>::Type, None>, "a function has one Completion");
  using Type = R;
};
template <typename First, typename... Rest>
struct CompletionType<First, Rest...> : CompletionType<Rest...> {};

template <typename R>
struct Marshal<Completion<R>> {
  static constexpr std::size_t slots = 0;
  static void declare(std::vector<ValueType>&) {}
};

template <typename Arg>
Arg read_argument(Caller& caller, const RawValue* values,
                  [[maybe_unused]] const std::shared_ptr<PendingResult>& pending) {
  if constexpr (!std::is_same_v<typename CompletionType<Arg>::Type, None>) {
    return Arg(pending);
  } else {
    return Marshal<Arg>::read(caller, values);
  }
}

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
  using Later = typename CompletionType<Args...>::Type;
  constexpr bool suspends = !std::is_same_v<Later, None>;
  static_assert(!suspends || std::is_void_v<R>, "a function with a Completion returns void: it answers by that");
  using Value = std::conditional_t<suspends, Later, typename ResultType<R>::Value>;
  HostFunction function;
  (Marshal<Args>::declare(function.parameters), ...);
  (Needs<Args>::note(function), ...);
  function.suspends = suspends;
  if constexpr (!std::is_void_v<Value>) Marshal<Value>::declare(function.results);
  function.invoke = [callable = std::move(callable)](Caller& caller, [[maybe_unused]] RawValue* values) {
    std::shared_ptr<PendingResult> pending;
    if constexpr (suspends) pending = std::make_shared<PendingResult>();
    [[maybe_unused]] std::tuple<Args...> arguments{
        read_argument<Args>(caller, values + slot_of<I, Args...>(), pending)...};
    if (caller.trapped()) return;
    const auto call = [&]() -> R {
      if constexpr (with_caller) {
        return callable(caller, std::get<I>(std::move(arguments))...);
      } else {
        return callable(std::get<I>(std::move(arguments))...);
      }
    };
    if constexpr (suspends) {
      call();
      caller.await(std::move(pending), values);
    } else if constexpr (ResultType<R>::can_fail) {
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
