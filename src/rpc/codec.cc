#include "rpc/codec.h"

#define ZLIB_CONST  // so that input is const
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include "rpc/buffer_pool.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

namespace {

constexpr std::size_t first_room = 1024;

// What zlib calls "window bits": the largest window, and 16 more for gzip's header and trailer rather than zlib's own.
constexpr int window_bits(Encoding encoding) { return encoding == Encoding::gzip ? 15 + 16 : 15; }

Bytef* bytes_of(std::byte* data) { return reinterpret_cast<Bytef*>(data); }
const Bytef* bytes_of(const std::byte* data) { return reinterpret_cast<const Bytef*>(data); }

uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Codec::~Codec() = default;

void Codec::EndInflate::operator()(z_stream_s* stream) const noexcept {
  inflateEnd(stream);
  delete stream;
}

void Codec::EndDeflate::operator()(z_stream_s* stream) const noexcept {
  deflateEnd(stream);
  delete stream;
}

z_stream_s* Codec::inflater(Encoding encoding) {
  if (inflater_ != nullptr) {
    return inflateReset2(inflater_.get(), window_bits(encoding)) == Z_OK ? inflater_.get() : nullptr;
  }
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), window_bits(encoding)) != Z_OK) return nullptr;
  inflater_.reset(stream.release());
  return inflater_.get();
}

z_stream_s* Codec::deflater(Encoding encoding) {
  Deflater& kept = encoding == Encoding::gzip ? gzip_ : deflate_;
  if (kept != nullptr) return deflateReset(kept.get()) == Z_OK ? kept.get() : nullptr;
  constexpr int default_memory_level = 8;
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), Z_BEST_SPEED, Z_DEFLATED, window_bits(encoding), default_memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return nullptr;
  }
  kept.reset(stream.release());
  return kept.get();
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

Codec::Outcome Codec::decompress(Encoding encoding, std::span<const std::byte> data, std::size_t limit,
                                 std::vector<std::byte>& out) try {
  out.clear();
  z_stream* const stream = inflater(encoding);
  if (stream == nullptr) return Outcome::no_memory;
  if (data.size() > std::numeric_limits<uInt>::max()) return Outcome::too_large;
  stream->next_in = bytes_of(data.data());
  stream->avail_in = piece(data.size());
  std::size_t size = 0;
  for (;;) {
    if (size == out.size() && size < limit) {
      const std::size_t room = std::min(limit, std::max({2 * size, 2 * data.size(), first_room}));
      make_room(out, room);
      out.resize(room);
    }
    // At the limit there must be nothing more but the end: one byte tells.
    std::byte surplus{};
    const bool full = size == out.size();
    stream->next_out = bytes_of(full ? &surplus : out.data() + size);
    stream->avail_out = full ? 1 : piece(out.size() - size);
    const uInt offered = stream->avail_out;
    const int result = inflate(stream, Z_NO_FLUSH);
    const uInt made = offered - stream->avail_out;
    if (full && made > 0) return Outcome::too_large;
    size += made;
    if (result == Z_STREAM_END) {
      if (stream->avail_in != 0) return Outcome::corrupt;
      out.resize(size);
      return Outcome::done;
    }
    if (result == Z_MEM_ERROR) return Outcome::no_memory;
    // Z_BUF_ERROR: it ends too early. That it wants more room is seen to above.
    if (result != Z_OK || (stream->avail_in == 0 && stream->avail_out != 0)) return Outcome::corrupt;
  }
} catch (const std::bad_alloc&) {
  return Outcome::no_memory;
} catch (const std::length_error&) {
  return Outcome::no_memory;
}

bool Codec::compress(Encoding encoding, std::span<const std::byte> message, std::vector<std::byte>& out) {
  const std::size_t before = out.size();
  try {
    z_stream* const stream = deflater(encoding);
    if (stream == nullptr || message.size() > max_compressed_input) return false;
    const std::size_t bound = deflateBound(stream, static_cast<uLong>(message.size()));
    make_room(out, before + bound);
    out.resize(before + bound);
    stream->next_in = bytes_of(message.data());
    stream->avail_in = piece(message.size());
    stream->next_out = bytes_of(out.data() + before);
    stream->avail_out = piece(bound);
    const bool done = deflate(stream, Z_FINISH) == Z_STREAM_END;
    out.resize(done ? out.size() - stream->avail_out : before);
    return done;
  } catch (const std::bad_alloc&) {
    out.resize(before);
    return false;
  }
}

}  // namespace wasm_grpc::rpc
