// Bytes that are no message, or nearly one: we refuse what Google refuses, and take what it takes for the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "random_message.h"
#include "schema_types.h"
#include "wasm_grpc/guest/message.h"

namespace wasm_grpc::test {
namespace {

using guest::Bytes;
using guest::decode;
using guest::encode;

/// Whether both take these bytes, or both refuse them, and understand the same. Returns whether they were taken.
template <typename Types>
bool agree(const std::string& bytes) {
  typename Types::Google google;
  const bool is_message = google.ParsePartialFromString(bytes) && google.IsInitialized();
  // A copy of just that size, so that a sanitizer sees a read past it.
  const std::vector<char> exact(bytes.begin(), bytes.end());
  typename Types::Ours ours;
  EXPECT_EQ(decode(Bytes(exact.data(), exact.size()), ours), is_message) << ::testing::PrintToString(bytes);
  if (!is_message) return false;
  typename Types::Google back;
  EXPECT_TRUE(back.ParseFromString(encode(ours)));
  EXPECT_EQ(serialized(back), serialized(google)) << ::testing::PrintToString(bytes);
  return true;
}

template <typename Types>
class MalformedMessages : public ::testing::Test {};
TYPED_TEST_SUITE(MalformedMessages, Pairs);

TYPED_TEST(MalformedMessages, CutAtAnyByteAreSeenAlike) {
  std::mt19937 random(11);
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 6; ++round) {
    typename TypeParam::Google google;
    fill(google, random, 3);
    const std::string bytes = google.SerializePartialAsString();
    for (std::size_t size = 0; size <= std::min<std::size_t>(bytes.size(), 600) && !this->HasFailure(); ++size) {
      (agree<TypeParam>(bytes.substr(0, size)) ? taken : refused) += 1;
    }
  }
  EXPECT_GT(taken, 5u);
  EXPECT_GT(refused, 5u);
}

TYPED_TEST(MalformedMessages, WithChangedBytesAreSeenAlike) {
  std::mt19937 random(12);
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 3000 && !this->HasFailure(); ++round) {
    typename TypeParam::Google google;
    fill(google, random, 2);
    std::string bytes = google.SerializePartialAsString();
    if (bytes.empty()) continue;
    for (int changes = 1 + round % 3; changes > 0; --changes) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 2:
          bytes.insert(at, 1 + random() % 10, static_cast<char>(random()));
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 12));
      }
    }
    (agree<TypeParam>(bytes) ? taken : refused) += 1;
  }
  EXPECT_GT(taken, 100u);
  EXPECT_GT(refused, 100u);
}

using Nodes = Pair<features::three::Node, ours::features::three::Node>;
using Groups = Pair<features::two::Groups, ours::features::two::Groups>;
using Three = Pair<features::three::Scalars, ours::features::three::Scalars>;
using Two = Pair<features::two::Strings, ours::features::two::Strings>;

std::string field(char tag, const std::string& inner) {
  std::string length;
  std::size_t size = inner.size();
  for (; size >= 0x80; size >>= 7) length.push_back(static_cast<char>(size | 0x80));
  length.push_back(static_cast<char>(size));
  return tag + length + inner;
}

TEST(Nesting, EndsAtAHundredMessages) {
  std::string bytes;
  for (int depth = 1; depth <= 100; ++depth) bytes = field('\x12', bytes);
  EXPECT_TRUE(agree<Nodes>(bytes));
  EXPECT_FALSE(agree<Nodes>(field('\x12', bytes)));
}

TEST(Nesting, CountsTheEntriesOfMaps) {
  std::string bytes;
  for (int depth = 1; depth <= 50; ++depth) bytes = field('\x2A', field('\x12', bytes));
  EXPECT_TRUE(agree<Nodes>(bytes));
  EXPECT_FALSE(agree<Nodes>(field('\x12', bytes)));
}

TEST(Nesting, CountsGroupsKnownAndUnknown) {
  const auto nested = [](std::size_t depth, const std::string& begin, const std::string& end) {
    std::string bytes;
    for (std::size_t i = 0; i < depth; ++i) bytes += begin;
    for (std::size_t i = 0; i < depth; ++i) bytes += end;
    return bytes;
  };
  EXPECT_TRUE(agree<Nodes>(nested(100, "\x7B", "\x7C")));
  EXPECT_FALSE(agree<Nodes>(nested(101, "\x7B", "\x7C")));
  EXPECT_TRUE(agree<Groups>(nested(50, "\x0B\x7B", "\x7C\x0C")));
  EXPECT_FALSE(agree<Groups>(nested(51, "\x0B\x7B", "\x7C\x0C")));
}

TEST(Nesting, OfAMillionIsRefusedWithoutHarm) {
  std::string bytes(1'000'000, '\x7B');
  EXPECT_FALSE(agree<Nodes>(bytes));
}

TEST(Strings, OfProto3MustBeUtf8AndOfProto2Not) {
  const std::string broken = "\xC0\x80";
  EXPECT_FALSE(agree<Three>(field('\x72', broken)));
  EXPECT_TRUE(agree<Three>(field('\x7A', broken))) << "bytes";
  EXPECT_TRUE(agree<Two>(field('\x0A', broken)));
  EXPECT_FALSE(agree<Nodes>(field('\x2A', field('\x0A', broken)))) << "a key";
}

TEST(RequiredFields, MustBeThere) {
  using Holds = Pair<features::two::HoldsRequired, ours::features::two::HoldsRequired>;
  const std::string complete = "\x08\x01\x12\x01x";
  EXPECT_TRUE(agree<Holds>(""));
  for (const char tag : {'\x0A', '\x12', '\x22'}) {
    EXPECT_TRUE(agree<Holds>(field(tag, complete)));
    EXPECT_FALSE(agree<Holds>(field(tag, "\x08\x01")));
    EXPECT_FALSE(agree<Holds>(field(tag, complete + field('\x1A', "\x12\x01x"))));
  }
  EXPECT_FALSE(agree<Holds>(field('\x1A', field('\x12', "\x08\x01"))));
  EXPECT_TRUE(agree<Holds>(field('\x0A', "\x08\x01") + field('\x0A', "\x12\x01x"))) << "in two parts";
}

}  // namespace
}  // namespace wasm_grpc::test
