// A value that lies elsewhere, which is how a message holds one of its own kind.
#pragma once

#include <memory>
#include <utility>

namespace wasm_grpc::guest {

/// Like std::optional, but for a type that is not complete yet: the value is allocated. Copies copy it. Being part of a
/// const one makes it const.
template <typename Value>
class Indirect {
 public:
  using value_type = Value;

  Indirect() = default;
  Indirect(Value value) : value_(std::make_unique<Value>(std::move(value))) {}
  Indirect(const Indirect& other) { *this = other; }
  Indirect(Indirect&&) noexcept = default;
  Indirect& operator=(const Indirect& other) {
    // First the copy, then the end of what was here: `other` may be part of it.
    if (this != &other) value_ = other.value_ ? std::make_unique<Value>(*other.value_) : nullptr;
    return *this;
  }
  Indirect& operator=(Indirect&&) noexcept = default;
  ~Indirect() = default;

  [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
  [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }
  // The value, which must be there.
  [[nodiscard]] Value& operator*() noexcept { return *value_; }
  [[nodiscard]] const Value& operator*() const noexcept { return *value_; }
  [[nodiscard]] Value* operator->() noexcept { return value_.get(); }
  [[nodiscard]] const Value* operator->() const noexcept { return value_.get(); }
  /// The value, or null.
  [[nodiscard]] Value* get() noexcept { return value_.get(); }
  [[nodiscard]] const Value* get() const noexcept { return value_.get(); }

  /// Puts a new one in its place.
  Value& emplace() {
    value_ = std::make_unique<Value>();
    return *value_;
  }
  void reset() noexcept { value_.reset(); }

  friend bool operator==(const Indirect& left, const Indirect& right) {
    return left.has_value() == right.has_value() && (!left.has_value() || *left == *right);
  }

 private:
  std::unique_ptr<Value> value_;
};

}  // namespace wasm_grpc::guest
