// The guest SDK's reader of protobuf messages: whatever the bytes, it stays inside them and comes to an end.
#include "wasm_grpc/guest/wire_reader.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "require.h"
#include "wasm_grpc/guest/wire_writer.h"

namespace {

using namespace wasm_grpc::guest;
using wasm_grpc::fuzz::require;

struct Walk {
  const char* begin;
  const char* end;
  std::size_t messages = 0;
  std::string copy;

  void inside(Bytes value) const {
    require(value.empty() || (value.data() >= begin && value.data() + value.size() <= end), "a value is of the input");
  }

  /// Reads every field in the way its number asks for; nested messages where it is a multiple of 4.
  void message(wire::Reader in, int depth) {
    require(depth <= wire::max_depth, "messages nest no deeper than the limit");
    while (in.next()) {
      const std::uint32_t field = in.field();
      require(field >= 1 && field <= wire::max_field, "a field has a number");
      switch (in.type()) {
        case wire::Type::varint:
          if (field % 2 == 0) {
            wire::Writer(copy).uint64(field, in.uint64());
          } else {
            wire::Writer(copy).sint32(field, in.sint32());
          }
          break;
        case wire::Type::fixed32:
          wire::Writer(copy).fixed32(field, in.fixed32());
          break;
        case wire::Type::fixed64:
          if (field % 2 == 0) wire::Writer(copy).fixed64(field, in.fixed64());
          break;  // odd ones are passed over
        case wire::Type::bytes:
          delimited(in, field, depth);
          break;
        case wire::Type::group_start:
        case wire::Type::group_end:
          break;
      }
    }
  }

  void delimited(wire::Reader& in, std::uint32_t field, int depth) {
    std::size_t elements = 0;
    switch (field % 8) {
      case 0:
      case 4:
        if (++messages < 1000) message(in.message(), depth + 1);
        break;
      case 1:
        inside(in.text());
        break;
      case 2:
        in.packed_varints([&](std::uint64_t) { ++elements; });
        break;
      case 3:
        in.packed_fixed32([&](std::uint32_t) { ++elements; });
        break;
      case 5:
        in.packed_fixed64([&](std::uint64_t) { ++elements; });
        break;
      default:
        inside(in.bytes());
        break;
    }
    require(elements <= static_cast<std::size_t>(end - begin), "every element takes a byte at least");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(static_cast<const void*>(data), size);
  Walk walk{input.data(), input.data() + size, 0, {}};
  walk.message(wire::Reader(input), 0);

  // What was read and written again is a message.
  wire::Reader again(walk.copy);
  while (again.next()) {
  }
  require(again.ok(), "what the writer wrote, the reader reads");
  return 0;
}
