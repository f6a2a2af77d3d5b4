// A oneof of very many alternatives, for which a std::variant would take minutes to compile.
#pragma once

#include <cstddef>
#include <utility>

namespace wasm_grpc::guest {

/// One value of one of many types, or none. Generated messages have it for a oneof of more than 32 fields, with a
/// getter and a setter for each field, which are what to use; those of fewer fields are a std::variant.
///
/// The value is allocated. Copies copy it; comparing compares it. Not for several threads at once.
class LargeOneof {
 public:
  LargeOneof() = default;
  LargeOneof(const LargeOneof& other)
      : index_(other.index_),
        type_(other.type_),
        value_(other.value_ == nullptr ? nullptr : other.type_->copy(other.value_)) {}
  LargeOneof(LargeOneof&& other) noexcept { swap(other); }
  LargeOneof& operator=(LargeOneof other) noexcept {
    swap(other);
    return *this;
  }
  ~LargeOneof() { reset(); }

  /// Which alternative is set, counted from 1 in the order of the .proto; 0 when none is.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  void reset() noexcept {
    if (value_ != nullptr) type_->destroy(value_);
    value_ = nullptr;
    index_ = 0;
  }

  /// The value when alternative `index` is set, else null. `Value` must be that alternative's type: nobody checks.
  template <typename Value>
  [[nodiscard]] const Value* get(std::size_t index) const noexcept {
    return index_ == index ? static_cast<const Value*>(value_) : nullptr;
  }
  template <typename Value>
  [[nodiscard]] Value* get(std::size_t index) noexcept {
    return index_ == index ? static_cast<Value*>(value_) : nullptr;
  }
  /// Sets alternative `index`, from 1, whose type must be `Value`.
  template <typename Value>
  Value& emplace(std::size_t index, Value value) {
    auto* const made = new Value(std::move(value));
    reset();  // only now: `value` may have been made of what was here
    index_ = index;
    type_ = &type_of<Value>;
    value_ = made;
    return *made;
  }

  friend bool operator==(const LargeOneof& left, const LargeOneof& right) {
    return left.index_ == right.index_ && (left.value_ == nullptr || left.type_->equal(left.value_, right.value_));
  }

 private:
  /// What can be done with a value whose type is known here no more.
  struct Type {
    void* (*copy)(const void*);
    void (*destroy)(void*) noexcept;
    bool (*equal)(const void*, const void*);
  };
  template <typename Value>
  static constexpr Type type_of = {
      [](const void* value) -> void* { return new Value(*static_cast<const Value*>(value)); },
      [](void* value) noexcept { delete static_cast<Value*>(value); },
      [](const void* left, const void* right) {
        return *static_cast<const Value*>(left) == *static_cast<const Value*>(right);
      }};

  void swap(LargeOneof& other) noexcept {
    std::swap(index_, other.index_);
    std::swap(type_, other.type_);
    std::swap(value_, other.value_);
  }

  std::size_t index_ = 0;
  const Type* type_ = nullptr;
  void* value_ = nullptr;
};

}  // namespace wasm_grpc::guest
