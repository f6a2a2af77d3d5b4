// A value or an error, for functions that can fail in ways the caller should handle.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace wasm_grpc {

/// What went wrong, in one line for people: what was wrong, what was expected, what to do.
struct Error {
  std::string message;
};

/// Either a T or an Error. Check ok() before value().
template <typename T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value; only when ok().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  /// The error; only when not ok().
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// A success without a value.
inline Result<> success() { return std::monostate{}; }

}  // namespace wasm_grpc
