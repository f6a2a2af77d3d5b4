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

class CodecQueue;

/// How far a message got.
enum class CodecOutcome : std::uint8_t { done, more, corrupt, too_large, no_memory };

struct EndInflate {
  void operator()(z_stream_s* stream) const noexcept;
};
struct EndDeflate {
  void operator()(z_stream_s* stream) const noexcept;
};

/// A message on its way out of compression, in as many steps as it takes. Of the Codec that began it.
class Decompression {
 private:
  friend class Codec;
  std::unique_ptr<z_stream_s, EndInflate> stream_;
  std::size_t limit_ = 0;
  std::size_t taken_ = 0;  // of what is decompressed
};

/// The same into compression.
class Compression {
 private:
  friend class Codec;
  std::unique_ptr<z_stream_s, EndDeflate> stream_;
  Encoding encoding_ = Encoding::identity;
  std::size_t taken_ = 0;
};

/// The compressors of one transport. They are made when they are first needed (40 KiB to decompress, 270 KiB for each
/// encoding to compress to) and one of each is kept. Belongs to one thread.
class Codec {
 public:
  using Outcome = CodecOutcome;

  /// Messages above this are not worth the time that compressing them takes.
  static constexpr std::size_t max_compressed_input = std::size_t{4} << 20;

  /// `buffers` is where large messages get their memory. `queue`: where calls have large messages compressed and
  /// decompressed; nullptr: at once. Both outlive it.
  explicit Codec(BufferPool& buffers, CodecQueue* queue = nullptr) : buffers_(buffers), queue_(queue) {}
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

  [[nodiscard]] CodecQueue* queue() const noexcept { return queue_; }

  // ---- The same in steps ----

  /// Begins to decompress, into a vector that is empty.
  [[nodiscard]] Decompression begin_decompression(Encoding encoding, std::size_t limit);
  /// Goes on for some ten microseconds; a hundred where the message was made to take long. `more`: call it again.
  /// `data` and `out` are the same at each step, though `data` may have moved.
  [[nodiscard]] Outcome step(Decompression& decompression, std::span<const std::byte> data,
                             std::vector<std::byte>& out);
  [[nodiscard]] Compression begin_compression(Encoding encoding);
  /// Goes on for some hundred microseconds. `done`, `more` or `no_memory`; then `out` has what was appended so far.
  [[nodiscard]] Outcome step(Compression& compression, std::span<const std::byte> message, std::vector<std::byte>& out);
  /// Keeps what can be used again. Those that are not ended may be destroyed as well.
  void end(Decompression&& decompression) noexcept;
  void end(Compression&& compression) noexcept;

 private:
  using Inflater = std::unique_ptr<z_stream_s, EndInflate>;
  using Deflater = std::unique_ptr<z_stream_s, EndDeflate>;

  [[nodiscard]] Deflater& kept(Encoding encoding) noexcept { return encoding == Encoding::gzip ? gzip_ : deflate_; }
  void make_room(std::vector<std::byte>& buffer, std::size_t size);

  BufferPool& buffers_;
  CodecQueue* queue_;
  Inflater inflater_;
  Deflater gzip_;
  Deflater deflate_;
};

}  // namespace wasm_grpc::rpc
