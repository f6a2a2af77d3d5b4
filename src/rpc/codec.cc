#include "rpc/codec.h"

#define ZLIB_CONST  // so that input is const
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

#include "rpc/buffer_pool.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

namespace {

constexpr std::size_t first_room = 1024;

// What one step takes in and gives out at most. A message may be all tables of codes and little text, which takes
// hundreds of times as long for its size: so little goes in at once.
constexpr std::size_t inflate_input = std::size_t{1} << 10;
constexpr std::size_t inflate_output = std::size_t{32} << 10;
constexpr std::size_t deflate_input = std::size_t{16} << 10;
constexpr std::size_t deflate_output = std::size_t{32} << 10;
// Buffers that have grown to this get all the room there may be, up to the other: only addresses until it is used,
// while growing bit by bit copies what is there.
constexpr std::size_t growing_bytes = std::size_t{64} << 10;
constexpr std::size_t most_reserved = std::size_t{8} << 20;

// What zlib calls "window bits": the largest window, and 16 more for gzip's header and trailer rather than zlib's own.
constexpr int window_bits(Encoding encoding) { return encoding == Encoding::gzip ? 15 + 16 : 15; }

Bytef* bytes_of(std::byte* data) { return reinterpret_cast<Bytef*>(data); }
const Bytef* bytes_of(const std::byte* data) { return reinterpret_cast<const Bytef*>(data); }

uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Codec::~Codec() = default;

void EndInflate::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

void EndDeflate::operator()(z_stream_s* stream) const noexcept {
  deflateEnd(stream);
  delete stream;
}

void Codec::make_room(std::vector<std::byte>& buffer, std::size_t size) {
  if (size <= buffer.capacity()) return;
  const std::size_t room = std::max(size, std::min(2 * buffer.capacity(), output_high_water));
  if (room > BufferPool::small_buffer) {
    buffers_.reserve(buffer, room);
  } else {
    buffer.reserve(room);
  }
}

Decompression Codec::begin_decompression(Encoding encoding, std::size_t limit) {
  Decompression begun;
  begun.limit_ = limit;
  if (inflater_ != nullptr) {
    if (inflateReset2(inflater_.get(), window_bits(encoding)) == Z_OK) begun.stream_ = std::move(inflater_);
    return begun;
  }
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), window_bits(encoding)) == Z_OK) begun.stream_.reset(stream.release());
  return begun;
}

Compression Codec::begin_compression(Encoding encoding) {
  Compression begun;
  begun.encoding_ = encoding;
  if (Deflater& reusable = kept(encoding); reusable != nullptr) {
    if (deflateReset(reusable.get()) == Z_OK) begun.stream_ = std::move(reusable);
    return begun;
  }
  constexpr int default_memory_level = 8;
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), Z_BEST_SPEED, Z_DEFLATED, window_bits(encoding), default_memory_level,
                   Z_DEFAULT_STRATEGY) == Z_OK) {
    begun.stream_.reset(stream.release());
  }
  return begun;
}

void Codec::end(Decompression&& decompression) noexcept {
  if (inflater_ == nullptr) inflater_ = std::move(decompression.stream_);
}

void Codec::end(Compression&& compression) noexcept {
  if (Deflater& place = kept(compression.encoding_); place == nullptr) place = std::move(compression.stream_);
}

Codec::Outcome Codec::step(Decompression& decompression, std::span<const std::byte> data,
                           std::vector<std::byte>& out) try {
  z_stream* const stream = decompression.stream_.get();
  if (stream == nullptr) return Outcome::no_memory;
  const std::size_t limit = decompression.limit_;
  const std::size_t size = out.size();
  if (size == out.capacity() && size < limit) {
    const std::size_t room =
        size >= growing_bytes ? std::max(2 * size, most_reserved) : std::max({2 * size, 2 * data.size(), first_room});
    make_room(out, std::min(limit, room));
  }
  out.resize(std::min({limit, out.capacity(), size + inflate_output}));
  // At the limit there must be nothing more but the end: one byte tells.
  std::byte surplus{};
  const bool full = size == out.size();
  stream->next_out = bytes_of(full ? &surplus : out.data() + size);
  stream->avail_out = full ? 1 : piece(out.size() - size);
  const uInt room = stream->avail_out;
  const auto rest = data.subspan(decompression.taken_);
  stream->next_in = bytes_of(rest.data());
  stream->avail_in = piece(std::min(rest.size(), inflate_input));
  const uInt offered = stream->avail_in;
  const int result = inflate(stream, Z_NO_FLUSH);
  decompression.taken_ += offered - stream->avail_in;
  const uInt made = room - stream->avail_out;
  if (full && made > 0) return Outcome::too_large;
  out.resize(size + made);
  const bool all_taken = decompression.taken_ == data.size();
  if (result == Z_STREAM_END) return all_taken ? Outcome::done : Outcome::corrupt;
  if (result == Z_MEM_ERROR) return Outcome::no_memory;
  // Z_BUF_ERROR: it ends too early.
  if (result != Z_OK || (all_taken && stream->avail_out != 0)) return Outcome::corrupt;
  return Outcome::more;
} catch (const std::bad_alloc&) {
  return Outcome::no_memory;
} catch (const std::length_error&) {
  return Outcome::no_memory;
}

Codec::Outcome Codec::step(Compression& compression, std::span<const std::byte> message,
                           std::vector<std::byte>& out) try {
  z_stream* const stream = compression.stream_.get();
  if (stream == nullptr || message.size() > max_compressed_input) return Outcome::no_memory;
  const std::size_t size = out.size();
  if (compression.taken_ == 0) make_room(out, size + deflateBound(stream, static_cast<uLong>(message.size())));
  // Never, as long as the bound is one.
  if (size == out.capacity()) make_room(out, size + deflate_output);
  out.resize(std::min(out.capacity(), size + deflate_output));
  const auto rest = message.subspan(compression.taken_);
  const std::size_t offered = std::min(rest.size(), deflate_input);
  stream->next_in = bytes_of(rest.data());
  stream->avail_in = piece(offered);
  stream->next_out = bytes_of(out.data() + size);
  stream->avail_out = piece(out.size() - size);
  const int result = deflate(stream, offered == rest.size() ? Z_FINISH : Z_NO_FLUSH);
  compression.taken_ += offered - stream->avail_in;
  out.resize(out.size() - stream->avail_out);
  if (result == Z_STREAM_END) return Outcome::done;
  return result == Z_OK || result == Z_BUF_ERROR ? Outcome::more : Outcome::no_memory;
} catch (const std::bad_alloc&) {
  return Outcome::no_memory;
} catch (const std::length_error&) {
  return Outcome::no_memory;
}

Codec::Outcome Codec::decompress(Encoding encoding, std::span<const std::byte> data, std::size_t limit,
                                 std::vector<std::byte>& out) try {
  out.clear();
  Decompression decompression = begin_decompression(encoding, limit);
  Outcome outcome = Outcome::more;
  while (outcome == Outcome::more) outcome = step(decompression, data, out);
  end(std::move(decompression));
  return outcome;
} catch (const std::bad_alloc&) {
  return Outcome::no_memory;
}

bool Codec::compress(Encoding encoding, std::span<const std::byte> message, std::vector<std::byte>& out) {
  const std::size_t before = out.size();
  Outcome outcome = Outcome::more;
  try {
    Compression compression = begin_compression(encoding);
    while (outcome == Outcome::more) outcome = step(compression, message, out);
    end(std::move(compression));
  } catch (const std::bad_alloc&) {
    outcome = Outcome::no_memory;
  }
  if (outcome != Outcome::done) out.resize(before);
  return outcome == Outcome::done;
}

}  // namespace wasm_grpc::rpc
