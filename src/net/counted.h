// Shared ownership within one thread.
#pragma once

#include <cstdint>
#include <utility>

namespace wasm_grpc::net {

/// Counts who holds it, and deletes itself when nobody does. Made by new; not thread-safe, so it costs no locked
/// instruction.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void retain() noexcept { ++holders_; }
  void release() noexcept {
    if (--holders_ == 0) delete this;
  }

 protected:
  virtual ~Counted() = default;

 private:
  std::uint32_t holders_ = 0;
};

/// A share of a Counted.
template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T& object) noexcept : object_(&object) { object_->retain(); }
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace wasm_grpc::net
