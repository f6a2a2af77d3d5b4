#include "wasm_grpc/guest/wire_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/guest/wire_reader.h"

namespace wasm_grpc::guest::wire {
namespace {

using namespace std::string_view_literals;

template <typename Fill>
std::string written(Fill fill) {
  std::string out;
  Writer writer(out);
  fill(writer);
  return out;
}

TEST(WireWriter, WritesTheExamplesOfTheSpecification) {
  EXPECT_EQ(written([](Writer& out) { out.int32(1, 150); }), "\x08\x96\x01"sv);
  EXPECT_EQ(written([](Writer& out) { out.text(2, "testing"); }), "\x12\x07testing"sv);
  EXPECT_EQ(written([](Writer& out) { out.message(3, [](Writer& nested) { nested.int32(1, 150); }); }),
            "\x1A\x03\x08\x96\x01"sv);
  EXPECT_EQ(written([](Writer& out) { out.int32(1, -2); }), "\x08\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv);
  EXPECT_EQ(written([](Writer& out) {
              out.message(6, [](Writer& packed) {
                packed.write_varint(3);
                packed.write_varint(270);
                packed.write_varint(86942);
              });
            }),
            "\x32\x06\x03\x8E\x02\x9E\xA7\x05"sv);
}

TEST(WireWriter, ZigzagsAsTheSpecificationDoes) {
  const struct {
    std::int64_t plain;
    std::uint64_t encoded;
  } table[] = {{0, 0},
               {-1, 1},
               {1, 2},
               {-2, 3},
               {0x7FFFFFFF, 0xFFFFFFFE},
               {-0x80000000LL, 0xFFFFFFFF},
               {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 1},
               {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max()}};
  for (const auto& row : table) {
    EXPECT_EQ(zigzag(row.plain), row.encoded);
    EXPECT_EQ(unzigzag(row.encoded), row.plain);
  }
}

TEST(WireWriter, WritesWhatTheReaderReads) {
  const std::int64_t numbers[] = {0,
                                  1,
                                  -1,
                                  127,
                                  128,
                                  16383,
                                  16384,
                                  std::numeric_limits<std::int32_t>::max(),
                                  std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()};
  const std::uint32_t fields[] = {1, 15, 16, 2047, 2048, max_field};
  for (const std::uint32_t field : fields) {
    for (const std::int64_t number : numbers) {
      const auto narrow = static_cast<std::int32_t>(number);
      std::string bytes;
      Writer(bytes)
          .uint64(field, static_cast<std::uint64_t>(number))
          .int64(field, number)
          .sint64(field, number)
          .uint32(field, static_cast<std::uint32_t>(narrow))
          .int32(field, narrow)
          .sint32(field, narrow)
          .boolean(field, number != 0)
          .fixed32(field, static_cast<std::uint32_t>(narrow))
          .sfixed32(field, narrow)
          .fixed64(field, static_cast<std::uint64_t>(number))
          .sfixed64(field, number)
          .float32(field, static_cast<float>(number))
          .float64(field, static_cast<double>(number))
          .text(field, std::to_string(number));
      Reader in(bytes);
      const auto next = [&] { return in.next() && in.field() == field; };
      EXPECT_TRUE(next());
      EXPECT_EQ(in.uint64(), static_cast<std::uint64_t>(number));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.int64(), number);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.sint64(), number);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.uint32(), static_cast<std::uint32_t>(narrow));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.int32(), narrow);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.sint32(), narrow);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.boolean(), number != 0);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.fixed32(), static_cast<std::uint32_t>(narrow));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.sfixed32(), narrow);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.fixed64(), static_cast<std::uint64_t>(number));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.sfixed64(), number);
      EXPECT_TRUE(next());
      EXPECT_EQ(in.float32(), static_cast<float>(number));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.float64(), static_cast<double>(number));
      EXPECT_TRUE(next());
      EXPECT_EQ(in.text(), std::to_string(number));
      EXPECT_FALSE(in.next());
      EXPECT_TRUE(in.ok());
    }
  }
}

TEST(WireWriter, NestsMessagesOfEveryLengthOfLength) {
  for (const std::size_t size : {0u, 1u, 126u, 127u, 128u, 16383u, 16384u, 2097151u, 2097152u}) {
    const std::string filling(size, 'x');
    std::string bytes = "kept";
    Writer(bytes).message(1, [&](Writer& nested) {
      nested.message(2, [&](Writer&) { bytes += filling; });
      nested.uint32(3, 7);
    });
    Reader in(std::string_view(bytes).substr(4));
    ASSERT_TRUE(in.next());
    ASSERT_EQ(in.tag(), bytes_tag(1));
    Reader nested = in.message();
    ASSERT_TRUE(nested.next());
    EXPECT_EQ(nested.bytes(), Bytes(filling));
    ASSERT_TRUE(nested.next());
    EXPECT_EQ(nested.uint32(), 7u);
    EXPECT_FALSE(nested.next());
    EXPECT_TRUE(nested.ok());
    EXPECT_FALSE(in.next());
    EXPECT_TRUE(in.ok());
  }
}

}  // namespace
}  // namespace wasm_grpc::guest::wire
