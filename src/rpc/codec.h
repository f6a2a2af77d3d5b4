// Compresses and decompresses messages, by zlib.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wasm_grpc/rpc/encoding.h"

struct z_stream_s;

namespace wasm_grpc::rpc {

class BufferPool;

/// The compressors of one transport. Each of the three is made when it is first needed (40 KiB to decompress, 270 KiB
/// for each encoding to compress to) and kept, since a message is always done in one go. Belongs to one thread.
class Codec {
 public:
  enum class Outcome : std::uint8_t { done, corrupt, too_large, no_memory };

  /// Messages above this are not worth the time their compression would keep other calls waiting for.
  static constexpr std::size_t max_compressed_input = std::size_t{4} << 20;

  /// `buffers`, which outlives it, is where large messages get their memory.
  explicit Codec(BufferPool& buffers) : buffers_(buffers) {}
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  ~Codec();

  /// Replaces what `out` holds by the message that `data` is in `encoding`, which is not identity. `data` must be that
  /// message and nothing more, else it is `corrupt`. Stops as soon as there are more than `limit` bytes.
  [[nodiscard]] Outcome decompress(Encoding encoding, std::span<const std::byte> data, std::size_t limit,
                                   std::vector<std::byte>& out);

  /// Appends `message` in `encoding`, which is not identity, to `out`. False when there is no memory; `out` is then as
  /// before. Favours speed over size: it runs between the calls of a worker.
  [[nodiscard]] bool compress(Encoding encoding, std::span<const std::byte> message, std::vector<std::byte>& out);

 private:
  struct EndInflate {
    void operator()(z_stream_s* stream) const noexcept;
  };
  struct EndDeflate {
    void operator()(z_stream_s* stream) const noexcept;
  };
  using Deflater = std::unique_ptr<z_stream_s, EndDeflate>;

  [[nodiscard]] z_stream_s* inflater(Encoding encoding);
  [[nodiscard]] z_stream_s* deflater(Encoding encoding);
  void make_room(std::vector<std::byte>& buffer, std::size_t size);

  BufferPool& buffers_;
  std::unique_ptr<z_stream_s, EndInflate> inflater_;
  Deflater gzip_;
  Deflater deflate_;
};

}  // namespace wasm_grpc::rpc
