// A body that means something only as a whole.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::facade {

/// Keeps it until it is there, up to a limit.
class GatheredBody {
 public:
  /// By the head's fields, for their content-length.
  GatheredBody(const rpc::Metadata& fields, std::size_t max_size);

  /// RESOURCE_EXHAUSTED where it becomes larger than the limit.
  [[nodiscard]] rpc::Status add(std::span<const std::byte> bytes);
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  /// Gives the memory back.
  void clear() noexcept { std::string().swap(text_); }
  /// Bytes still to come, as far as that is known.
  [[nodiscard]] std::size_t missing() const noexcept;

 private:
  std::size_t max_size_;
  std::optional<std::size_t> length_;
  std::string text_;
};

}  // namespace wasm_grpc::facade
