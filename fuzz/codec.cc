// Compressed messages: what a client compressed, or says it did; and that what we compress can be decompressed.
//
// Input: the encoding, the limit for messages; the rest is the compressed message.
#include "rpc/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "require.h"
#include "rpc/buffer_pool.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  if (size < 2) return 0;
  const auto encoding = (data[0] & 1) != 0 ? rpc::Encoding::gzip : rpc::Encoding::deflate;
  const std::size_t limit = std::size_t{64} * data[1];
  const auto input = std::as_bytes(std::span(data + 2, size - 2));
  // As in a worker, one codec serves many messages, the broken ones between the good ones.
  static rpc::BufferPool buffers;
  static rpc::Codec codec(buffers);

  std::vector<std::byte> message;
  const auto outcome = codec.decompress(encoding, input, limit, message);
  if (outcome == rpc::Codec::Outcome::done) {
    require(message.size() <= limit, "no message is larger than the limit");
  } else {
    require(outcome != rpc::Codec::Outcome::no_memory, "there is memory for a small message");
  }
  require(message.capacity() <= limit + 64 * 1024, "what is too large takes no memory");

  std::vector<std::byte> compressed;
  require(codec.compress(encoding, input, compressed), "there is memory to compress");
  std::vector<std::byte> back;
  require(codec.decompress(encoding, compressed, input.size(), back) == rpc::Codec::Outcome::done,
          "what was compressed can be decompressed");
  require(std::ranges::equal(back, input), "there and back changes nothing");
  if (!input.empty()) {
    require(codec.decompress(encoding, compressed, input.size() - 1, back) == rpc::Codec::Outcome::too_large,
            "one byte above the limit is too large");
  }
  return 0;
}
