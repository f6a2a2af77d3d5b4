// The guest's side of codec.cc: decodes an Order and encodes it again, as often as it is told to.
#include "wasm_grpc/guest.h"

#include <cstdint>

#include "order.guest.h"

using namespace wasm_grpc::guest;

namespace {

Buffer input_buffer;
Buffer output_buffer;
Bytes output;

}  // namespace

extern "C" {
/// Where the host is to put `size` bytes.
WASM_GRPC_EXPORT("input") char* input(std::int32_t size);
/// Decodes and encodes them `times` times; the size of what was written last, or -1 when they are malformed.
WASM_GRPC_EXPORT("round_trips") std::int32_t round_trips(std::int32_t size, std::int32_t times);
/// Where that is.
WASM_GRPC_EXPORT("output") const char* output_begin();

char* input(std::int32_t size) {
  input_buffer.reserve(static_cast<std::uint32_t>(size));
  return input_buffer.data();
}

std::int32_t round_trips(std::int32_t size, std::int32_t times) {
  for (std::int32_t i = 0; i < times; ++i) {
    bench::Order order;
    if (!decode(Bytes(input_buffer.data(), static_cast<std::size_t>(size)), order)) return -1;
    output = encode(order, output_buffer);
  }
  return static_cast<std::int32_t>(output.size());
}

const char* output_begin() { return output.data(); }
}
