// Random messages of every kind: what Google wrote we read, and write again to the byte.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "random_message.h"
#include "schema_types.h"
#include "wasm_grpc/guest/message.h"

namespace wasm_grpc::test {
namespace {

using guest::decode;
using guest::encode;

constexpr int rounds = 300;

template <typename Types>
class RandomMessages : public ::testing::Test {};
TYPED_TEST_SUITE(RandomMessages, Pairs);

TYPED_TEST(RandomMessages, AreWrittenAsTheyWereRead) {
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    typename TypeParam::Google google;
    fill(google, random, 4);
    const std::string bytes = serialized(google);
    typename TypeParam::Ours ours;
    ASSERT_TRUE(decode(bytes, ours)) << google.DebugString();
    ASSERT_EQ(encode(ours), bytes) << google.DebugString();
  }
}

TYPED_TEST(RandomMessages, AreReadByGoogleAsTheyWere) {
  std::mt19937 random(2);
  for (int round = 0; round < rounds; ++round) {
    typename TypeParam::Google google;
    typename TypeParam::Google back;
    fill(google, random, 4);
    typename TypeParam::Ours ours;
    ASSERT_TRUE(decode(google.SerializePartialAsString(), ours)) << google.DebugString();
    ASSERT_TRUE(back.ParsePartialFromString(encode(ours)));
    ASSERT_EQ(serialized(back), serialized(google));
  }
}

TYPED_TEST(RandomMessages, OfTwoPartsAreMergedAsGoogleMergesThem) {
  std::mt19937 random(3);
  for (int round = 0; round < rounds; ++round) {
    typename TypeParam::Google google;
    fill(google, random, 3);
    std::string bytes = google.SerializePartialAsString();
    google.Clear();
    fill(google, random, 3);
    bytes += google.SerializePartialAsString();
    ASSERT_TRUE(google.ParseFromString(bytes));
    typename TypeParam::Ours ours;
    ASSERT_TRUE(decode(bytes, ours));
    ASSERT_EQ(encode(ours), serialized(google)) << google.DebugString();
  }
}

TYPED_TEST(RandomMessages, AreCopiedAndCompared) {
  std::mt19937 random(4);
  for (int round = 0; round < rounds; ++round) {
    typename TypeParam::Google google;
    fill(google, random, 3);
    typename TypeParam::Ours ours;
    ASSERT_TRUE(decode(google.SerializePartialAsString(), ours));
    auto copy = ours;
    ASSERT_EQ(encode(copy), encode(ours));
    const bool has_nan = !(ours == ours);
    ASSERT_EQ(copy == ours, !has_nan);
    copy.unknown_fields += "\xC8\x01\x01";
    ASSERT_FALSE(copy == ours);
  }
}

TEST(UnknownFields, OfALaterVersionSurvive) {
  std::mt19937 random(5);
  for (int round = 0; round < rounds; ++round) {
    features::three::Everything google;
    fill(google, random, 3);
    ours::features::three::Something something;
    ASSERT_TRUE(decode(google.SerializeAsString(), something));
    features::three::Everything back;
    ASSERT_TRUE(back.ParseFromString(encode(something)));
    // What was known and what was not may have changed places within Repeated; as a message it is the same.
    ASSERT_EQ(serialized(back), serialized(google)) << google.DebugString();
  }
}

TEST(UnknownFields, AreWhereExtensionsGo) {
  features::two::Extensible google;
  google.set_name("name");
  google.SetExtension(features::two::extra_number, 7);
  google.AddExtension(features::two::extra_text, "one");
  google.AddExtension(features::two::extra_text, "two");
  google.MutableExtension(features::two::extra_message)->set_name("inner");
  ours::features::two::Extensible ours;
  ASSERT_TRUE(decode(google.SerializeAsString(), ours));
  EXPECT_EQ(ours.name, "name");
  features::two::Extensible back;
  ASSERT_TRUE(back.ParseFromString(encode(ours)));
  EXPECT_EQ(back.GetExtension(features::two::extra_number), 7);
  EXPECT_EQ(back.ExtensionSize(features::two::extra_text), 2);
  EXPECT_EQ(back.GetExtension(features::two::extra_message).name(), "inner");
}

}  // namespace
}  // namespace wasm_grpc::test
