// The PROXY header: what is read of it does not depend on how it is cut, and nothing behind it is taken.
//
// Input: one byte for the size of portions; the rest is what the proxy sends.
#include "net/proxy_header.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "require.h"

namespace wasm_grpc::fuzz {
namespace {

struct Outcome {
  net::ProxyHeader header;
  std::size_t taken = 0;
};

Outcome read(std::span<const std::byte> bytes, std::size_t portion) {
  Outcome outcome;
  while (!bytes.empty() && outcome.header.state() == net::ProxyHeader::State::incomplete) {
    const auto part = bytes.first(std::min(portion, bytes.size()));
    const std::size_t taken = outcome.header.take(part);
    require(taken <= part.size(), "no more is taken than there is");
    outcome.taken += taken;
    bytes = bytes.subspan(part.size());
  }
  return outcome;
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  if (size < 1) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const auto whole = fuzz::read(bytes, bytes.size() + 1);
  const auto pieces = fuzz::read(bytes, data[0] % 16 + 1);
  fuzz::require(whole.header.state() == pieces.header.state(), "its pieces do not matter");
  fuzz::require(whole.header.client() == pieces.header.client(), "nor for who the client is");
  if (whole.header.state() == net::ProxyHeader::State::complete) {
    fuzz::require(whole.taken == pieces.taken, "nor for where it ends");
  }
  return 0;
}
