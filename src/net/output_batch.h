// What one write to a socket consists of.
#pragma once

#include <asio/buffer.hpp>
#include <cstddef>
#include <span>
#include <vector>

namespace wasm_grpc::net {

/// Frames to be written in one go: small ones copied together, large payloads referred to where they are. One per
/// endpoint, reused for every write.
class OutputBatch {
 public:
  OutputBatch();

  void clear() noexcept;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// True when it should be written before more is added.
  [[nodiscard]] bool full() const noexcept;

  void copy(std::span<const std::byte> bytes);
  /// The bytes must stay where they are until the batch is cleared.
  void refer(std::span<const std::byte> bytes);

  /// All of it in order, for a gathering write; valid until the next change.
  [[nodiscard]] const std::vector<asio::const_buffer>& buffers();
  /// Appends what follows the first `written` bytes to `out`.
  void save_rest(std::size_t written, std::vector<std::byte>& out) const;

 private:
  struct Segment {
    const std::byte* outside;  // nullptr: in copied_, from `offset` on
    std::size_t offset;
    std::size_t size;
  };

  std::vector<std::byte> copied_;
  std::vector<Segment> segments_;
  std::vector<asio::const_buffer> buffers_;
  std::size_t size_ = 0;
};

}  // namespace wasm_grpc::net
