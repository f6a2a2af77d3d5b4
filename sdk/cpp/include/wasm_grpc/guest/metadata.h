// Metadata: what a client sent with its call, or what came back of one that the guest made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/buffer.h"

namespace wasm_grpc::guest {

/// All metadata of one kind of a call, in the order received: a range of key-value pairs. Keys are lower-case; the
/// values of keys that end in `-bin` are raw bytes. The views live as long as the object.
class Metadata {
 public:
  struct Entry {
    std::string_view key;
    std::string_view value;
  };

  class Iterator {
   public:
    Iterator(const char* at, const char* end) : at_(at), end_(end) { load(); }
    const Entry& operator*() const { return entry_; }
    const Entry* operator->() const { return &entry_; }
    Iterator& operator++() {
      at_ = next_;
      load();
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void load() {
      std::uint32_t sizes[2];
      if (static_cast<std::size_t>(end_ - at_) < sizeof sizes) {
        at_ = next_ = end_;
        return;
      }
      std::memcpy(sizes, at_, sizeof sizes);
      const char* key = at_ + sizeof sizes;
      const auto left = static_cast<std::size_t>(end_ - key);
      if (sizes[0] > left || sizes[1] > left - sizes[0]) {
        at_ = next_ = end_;
        return;
      }
      entry_ = {{key, sizes[0]}, {key + sizes[0], sizes[1]}};
      next_ = key + sizes[0] + sizes[1];
    }

    const char* at_;
    const char* end_;
    const char* next_ = nullptr;
    Entry entry_;
  };

  /// Those of the request of a call that is served.
  explicit Metadata(std::int32_t call)
      : Metadata([call](void* list, std::uint32_t cap) { return abi::wasm_grpc_1_metadata_list(call, list, cap); }) {}
  /// Those that `list(ptr, cap)` gives, in the host's form: it answers their length, and writes where that is at most
  /// `cap`. None where it answers less than 0.
  template <typename List>
    requires std::is_invocable_r_v<std::int32_t, List&, void*, std::uint32_t>
  explicit Metadata(List list) {
    // The second round is for the room the first one asked for; metadata does not change during a call.
    for (int round = 0; round < 2; ++round) {
      const std::int32_t length = list(buffer_.data(), buffer_.capacity());
      if (length <= 0) return;
      if (static_cast<std::uint32_t>(length) <= buffer_.capacity()) {
        size_ = static_cast<std::size_t>(length);
        return;
      }
      buffer_.reserve(static_cast<std::uint32_t>(length));
    }
  }

  /// The first value of a key (lower-case), or nothing.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const {
    for (const Entry& entry : *this) {
      if (entry.key == key) return entry.value;
    }
    return std::nullopt;
  }

  [[nodiscard]] Iterator begin() const { return {data(), data() + size_}; }
  [[nodiscard]] Iterator end() const { return {data() + size_, data() + size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  [[nodiscard]] const char* data() const noexcept { return buffer_.data(); }

  Buffer buffer_;
  std::size_t size_ = 0;
};

}  // namespace wasm_grpc::guest
