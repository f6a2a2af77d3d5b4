// Messages larger than their stream's window take turns.
#pragma once

#include <cstddef>
#include <vector>

namespace wasm_grpc::http2 {

class Stream;

/// Lets in what is beyond the windows of one connection's streams, all together no more than it may, and one message
/// however large it is. Belongs to its session.
class LargeInput {
 public:
  /// `most` bytes at once.
  explicit LargeInput(std::size_t most) noexcept : most_(most) {}

  /// The stream has announced a large message: it gets its grant now or later, first come, first served.
  void request(Stream& stream);
  /// So many bytes of what was granted have been taken.
  void release(std::size_t bytes);
  /// Nobody gets anything any more.
  void close();

 private:
  [[nodiscard]] bool has_room_for(const Stream& stream) const noexcept;

  const std::size_t most_;
  std::size_t granted_ = 0;
  std::vector<Stream*> waiting_;  // each retained
};

}  // namespace wasm_grpc::http2
