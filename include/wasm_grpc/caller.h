// The guest that calls a host function, and the values that pass between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace wasm_grpc {

namespace detail {
class PendingResult;
}

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

  // ---- For host_function() ----

  /// What the function's HostModule keeps; null where it keeps none.
  [[nodiscard]] void* module_state() const noexcept { return module_state_; }
  [[nodiscard]] void* instance_state() const noexcept { return instance_state_; }
  /// Writes the result to `values`, if it was given; or else suspends the guest once the host function returns.
  void await(std::shared_ptr<detail::PendingResult> pending, RawValue* values);

 protected:
  Caller(std::string_view module_name, std::span<std::byte> memory) : module_name_(module_name), memory_(memory) {}
  ~Caller() = default;

  std::string trap_message_;
  void* module_state_ = nullptr;
  void* instance_state_ = nullptr;

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
  /// The first of its bytes.
  [[nodiscard]] std::byte* place() const noexcept { return place_; }

 private:
  std::byte* place_;
};

}  // namespace wasm_grpc
