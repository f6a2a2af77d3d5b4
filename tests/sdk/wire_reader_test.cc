#include "wasm_grpc/guest/wire_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::guest::wire {
namespace {

using namespace std::string_view_literals;

/// Reads every field whatever it is; what parsers that know no field do.
bool is_well_formed(std::string_view bytes) {
  Reader in{Bytes(bytes)};
  while (in.next()) {
  }
  return in.ok();
}

/// Reads field 1 as a varint.
std::uint64_t varint_of(std::string_view bytes, bool& ok) {
  Reader in{Bytes(bytes)};
  std::uint64_t value = 0;
  while (in.next()) {
    if (in.tag() == varint_tag(1)) value = in.uint64();
  }
  ok = in.ok();
  return value;
}

TEST(WireReader, ReadsTheVarintsOfTheSpecification) {
  const struct {
    std::string_view bytes;
    std::uint64_t value;
  } table[] = {
      {"\x08\x00"sv, 0},
      {"\x08\x01"sv, 1},
      {"\x08\x7F"sv, 127},
      {"\x08\x80\x01"sv, 128},
      {"\x08\x96\x01"sv, 150},
      {"\x08\xFF\xFF\xFF\xFF\x0F"sv, 0xFFFFFFFF},
      {"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv, std::numeric_limits<std::uint64_t>::max()},
      {"\x08\x80\x00"sv, 0},      // longer than it needs to be, and valid all the same
      {"\x08\x01\x08\x02"sv, 2},  // the last one counts
      {"\x10\x09\x08\x03\x10\x0A"sv, 3},
  };
  for (const auto& row : table) {
    bool ok = false;
    EXPECT_EQ(varint_of(row.bytes, ok), row.value);
    EXPECT_TRUE(ok);
  }
}

TEST(WireReader, RejectsVarintsOfMoreThan64Bits) {
  bool ok = true;
  varint_of("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"sv, ok);
  EXPECT_FALSE(ok);
  varint_of("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv, ok);
  EXPECT_FALSE(ok);
  EXPECT_FALSE(is_well_formed("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv)) << "also in a field it skips";
}

TEST(WireReader, RejectsTagsThatCannotBe) {
  EXPECT_FALSE(is_well_formed("\x00\x01"sv)) << "field 0";
  EXPECT_FALSE(is_well_formed("\x06\x01"sv)) << "field 0, type 6";
  EXPECT_FALSE(is_well_formed("\x0E\x01"sv)) << "type 6";
  EXPECT_FALSE(is_well_formed("\x0F\x01"sv)) << "type 7";
  EXPECT_FALSE(is_well_formed("\x0C"sv)) << "the end of a group that did not begin";
  EXPECT_FALSE(is_well_formed("\x88\x80\x80\x80\x10\x01"sv)) << "a field number of 30 bits";
  EXPECT_FALSE(is_well_formed("\x88\x80\x80\x80\x80\x00\x01"sv)) << "a tag of six bytes";
  EXPECT_TRUE(is_well_formed("\xF8\xFF\xFF\xFF\x0F\x01"sv)) << "the largest field number there is";
}

TEST(WireReader, RejectsLengthsPastTheEnd) {
  EXPECT_FALSE(is_well_formed("\x0A\x01"sv));
  EXPECT_FALSE(
      is_well_formed("\x0A\x05"
                     "abcd"sv));
  EXPECT_FALSE(is_well_formed("\x0A\xFF\xFF\xFF\xFF\x07"sv)) << "2^31-1";
  EXPECT_FALSE(is_well_formed("\x0A\xFF\xFF\xFF\xFF\x0F"sv)) << "2^32-1";
  EXPECT_FALSE(is_well_formed("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv)) << "2^64-1";
  EXPECT_TRUE(is_well_formed("\x0A\x00"sv));
}

TEST(WireReader, ReadsAllScalarTypes) {
  Reader in{
      Bytes("\x08\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"  // int32 -2
            "\x10\x03"                                      // sint32 -2
            "\x18\x02"                                      // bool, of an unusual true
            "\x25\x78\x56\x34\x12"                          // fixed32
            "\x29\xF0\xDE\xBC\x9A\x78\x56\x34\x12"          // fixed64
            "\x35\x00\x00\x80\x3F"                          // float 1
            "\x39\x00\x00\x00\x00\x00\x00\x00\xC0"          // double -2
            "\x42\x03\xE2\x82\xAC"                          // string, the euro sign
            "\x4A\x02\xFF\x00"                              // bytes
            "\x50\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"  // sint64, the smallest
            ""sv)};
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.int32(), -2);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.sint32(), -2);
  ASSERT_TRUE(in.next());
  EXPECT_TRUE(in.boolean());
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.fixed32(), 0x12345678u);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.fixed64(), 0x123456789ABCDEF0u);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.float32(), 1.0f);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.float64(), -2.0);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.text(), "\u20AC");
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.bytes(), Bytes("\xFF\0"sv));
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.sint64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(in.next());
  EXPECT_TRUE(in.ok());
}

TEST(WireReader, SkipsWhatNobodyReads) {
  const std::string message =
      "\x10\x96\x01"  // a varint
      "\x15"
      "abcd"  // 32 bits
      "\x11"
      "abcdefgh"                           // 64 bits
      "\x12\x02hi"                         // bytes
      "\x13\x08\x01\x1B\x0A\x01x\x1C\x14"  // a group with a group in it
      "\x08\x07";                          // field 1
  bool ok = false;
  EXPECT_EQ(varint_of(message, ok), 7u);
  EXPECT_TRUE(ok);
}

TEST(WireReader, RejectsGroupsThatDoNotClose) {
  EXPECT_FALSE(is_well_formed("\x0B"sv));
  EXPECT_FALSE(is_well_formed("\x0B\x08\x01"sv));
  EXPECT_FALSE(is_well_formed("\x0B\x14"sv)) << "closed by another field's end";
  EXPECT_FALSE(is_well_formed("\x0B\x13\x0C\x14"sv)) << "crosswise";
  EXPECT_TRUE(is_well_formed("\x0B\x0C"sv));
}

TEST(WireReader, TakesGroupsAHundredDeepAndNoDeeper) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '\x0B') + std::string(depth, '\x0C'); };
  EXPECT_TRUE(is_well_formed(nested(max_depth)));
  EXPECT_FALSE(is_well_formed(nested(max_depth + 1)));
  EXPECT_FALSE(is_well_formed(nested(1'000'000)));
}

/// Follows field 1 down as nested messages; how deep it gets before the end, or -1 at an error.
int depth_of(Reader in) {
  int deepest = 0;
  while (in.next()) {
    if (in.tag() != bytes_tag(1)) continue;
    const int below = depth_of(in.message());
    if (below < 0) return -1;
    deepest = std::max(deepest, below + 1);
  }
  return in.ok() ? deepest : -1;
}

std::string nested_messages(int depth) {
  std::string message;
  for (int i = 0; i < depth; ++i) {
    std::string length;
    std::size_t size = message.size();
    for (; size >= 0x80; size >>= 7) length.push_back(static_cast<char>(size | 0x80));
    length.push_back(static_cast<char>(size));
    message = "\x0A" + length + message;
  }
  return message;
}

TEST(WireReader, TakesMessagesAHundredDeepAndNoDeeper) {
  EXPECT_EQ(depth_of(Reader(nested_messages(max_depth))), max_depth);
  EXPECT_EQ(depth_of(Reader(nested_messages(max_depth + 1))), -1);
}

TEST(WireReader, RejectsStringsThatAreNotUtf8) {
  Reader in{Bytes("\x0A\x02\xC0\x80"sv)};
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
}

TEST(WireReader, RefusesAValueOfAnotherType) {
  Reader in{Bytes("\x08\x07\x10\x08"sv)};
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.fixed32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(in.next());
  EXPECT_EQ(in.uint64(), 0u);
}

TEST(WireReader, GivesAValueOnce) {
  Reader in{Bytes("\x08\x07\x08\x09"sv)};
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.uint32(), 7u);
  EXPECT_EQ(in.uint32(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(WireReader, ReadsPackedFields) {
  Reader in{Bytes("\x0A\x04\x01\x96\x01\x00\x12\x08\x01\0\0\0\x02\0\0\0\x1A\x08\x05\0\0\0\0\0\0\0"sv)};
  std::vector<std::uint64_t> seen;
  const auto collect = [&](std::uint64_t value) { seen.push_back(value); };
  ASSERT_TRUE(in.next());
  in.packed_varints(collect);
  ASSERT_TRUE(in.next());
  in.packed_fixed32(collect);
  ASSERT_TRUE(in.next());
  in.packed_fixed64(collect);
  EXPECT_FALSE(in.next());
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 150, 0, 1, 2, 5}));
}

TEST(WireReader, RejectsPackedFieldsThatEndWithinAnElement) {
  Reader varints{Bytes("\x0A\x02\x01\x96"sv)};
  ASSERT_TRUE(varints.next());
  varints.packed_varints([](std::uint64_t) {});
  EXPECT_FALSE(varints.ok());
  Reader fixed{
      Bytes("\x0A\x05"
            "abcde"sv)};
  ASSERT_TRUE(fixed.next());
  fixed.packed_fixed32([](std::uint32_t) {});
  EXPECT_FALSE(fixed.ok());
}

// A message with every construct, and where each of its top-level fields ends.
constexpr std::string_view everything =
    "\x08\x96\x01"
    "\x15"
    "abcd"
    "\x11"
    "abcdefgh"
    "\x1A\x05"
    "\x08\x01\x12\x01x"
    "\x23\x08\x01\x2B\x2C\x24"
    "\xF8\xFF\xFF\xFF\x0F\x81\x00"sv;

TEST(WireReader, ToleratesTruncationAtEveryByte) {
  ASSERT_TRUE(is_well_formed(everything));
  std::vector<std::size_t> ends;
  for (std::size_t size = 0; size <= everything.size(); ++size) {
    // A copy of just that size, so that a sanitizer sees a read past it.
    const std::vector<char> cut(everything.begin(), everything.begin() + static_cast<std::ptrdiff_t>(size));
    if (is_well_formed({cut.data(), cut.size()})) ends.push_back(size);
  }
  EXPECT_EQ(ends, (std::vector<std::size_t>{0, 3, 8, 17, 24, 30, 37}));
}

TEST(WireReader, ToleratesAnyByteAnywhere) {
  // Whatever one byte is changed to, reading ends, and in bounds (a sanitizer build would tell).
  std::size_t well_formed = 0;
  for (std::size_t at = 0; at < everything.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::vector<char> changed(everything.begin(), everything.end());
      changed[at] = static_cast<char>(byte);
      if (is_well_formed({changed.data(), changed.size()})) ++well_formed;
    }
  }
  EXPECT_GT(well_formed, everything.size());
  EXPECT_LT(well_formed, everything.size() * 256);
}

}  // namespace
}  // namespace wasm_grpc::guest::wire
