// What the generated structs are like to use.
#include "wasm_grpc/guest/message.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "features2.guest.h"
#include "features3.guest.h"
#include "names.guest.h"

namespace ours::features {
namespace {

using wasm_grpc::guest::decode;
using wasm_grpc::guest::encode;

TEST(Messages, AreEmptyAtFirstAndWriteNothing) {
  EXPECT_EQ(encode(three::Everything()), "");
  EXPECT_EQ(encode(two::Everything()), "");
  three::Everything everything;
  everything.scalars.emplace();
  EXPECT_EQ(encode(everything), std::string("\x0A\0", 2));
}

TEST(Messages, ReplaceWhatWasThereWhenDecoded) {
  three::Scalars scalars{.f_int32 = 7, .f_string = "text", .unknown_fields = "\xC8\x01\x01"};
  ASSERT_TRUE(decode("", scalars));
  EXPECT_TRUE(scalars == three::Scalars());
}

TEST(Messages, TakeRoomForPackedNumbersOnce) {
  three::Repeated written;
  for (std::int32_t number = -3; number < 300; ++number) written.f_int32.push_back(number * 7);  // of 1 to 10 bytes
  three::Repeated read;
  ASSERT_TRUE(decode(encode(written), read));
  EXPECT_EQ(read.f_int32, written.f_int32);
  EXPECT_EQ(read.f_int32.capacity(), written.f_int32.size());
}

TEST(Messages, KnowTheirNames) {
  EXPECT_EQ(three::Leaf::Stem::full_name, "features.three.Leaf.Stem");
  EXPECT_TRUE((std::is_same_v<three::Leaf::Stem::Empty, three::Leaf_Stem_Empty>));
  EXPECT_EQ(namespace_::std_::class_::full_name, "features.namespace.std.class");
}

TEST(Messages, ThatHoldThemselvesAreCopiedDeeply) {
  three::Node node;
  node.left.emplace().name = "left";
  node.named["key"].leaf.emplace().stem.emplace().back.emplace().name = "back";
  three::Node copy = node;
  EXPECT_TRUE(copy == node);
  copy.left->name = "other";
  EXPECT_EQ(node.left->name, "left");
  EXPECT_FALSE(copy == node);
  node = three::Node(*node.left);  // of itself
  EXPECT_EQ(node.name, "left");
}

TEST(Oneofs, AreOneAtATime) {
  three::Choice choice;
  EXPECT_EQ(choice.choice_case(), three::Choice::ChoiceCase::not_set);
  EXPECT_EQ(choice.f_string(), nullptr);
  choice.set_f_string("text");
  EXPECT_EQ(choice.choice_case(), three::Choice::ChoiceCase::f_string);
  ASSERT_NE(choice.f_string(), nullptr);
  *choice.f_string() += "s";
  EXPECT_EQ(std::get<8>(choice.choice), "texts");
  EXPECT_EQ(choice.f_other_string(), nullptr) << "of the same type, but another";
  choice.set_f_itself({}).set_f_bool(false);
  EXPECT_EQ(choice.f_string(), nullptr);
  ASSERT_NE(choice.f_itself(), nullptr);
  EXPECT_FALSE(*choice.f_itself()->f_bool());
  EXPECT_EQ(encode(choice), std::string("\x6A\x02\x40\0", 4)) << "what is chosen is written even when it is zero";
  EXPECT_EQ(choice.second_case(), three::Choice::SecondCase::not_set_);
}

TEST(Enums, HaveNames) {
  EXPECT_EQ(to_string(three::Color::COLOR_CRIMSON), "COLOR_RED") << "the first of several";
  EXPECT_EQ(to_string(static_cast<three::Color>(77)), "");
  EXPECT_TRUE(is_known(three::Color::COLOR_NEGATIVE));
  EXPECT_FALSE(is_known(static_cast<three::Color>(77)));
  EXPECT_EQ(static_cast<std::int32_t>(three::Color::COLOR_NEGATIVE), std::numeric_limits<std::int32_t>::min());
}

TEST(Enums, OfProto3KeepNumbersWithoutNames) {
  three::Scalars scalars;
  ASSERT_TRUE(decode("\x80\x01\x4D", scalars));
  EXPECT_EQ(static_cast<int>(scalars.f_color), 77);
  EXPECT_EQ(scalars.unknown_fields, "");
}

TEST(Enums, OfProto2TurnThemIntoUnknownFields) {
  two::Enums enums;
  ASSERT_TRUE(decode("\x08\x05\x08\x4D\x1A\x02\x01\x4D", enums));
  EXPECT_EQ(enums.one, two::Size::SIZE_LARGE);
  EXPECT_EQ(enums.packed, std::vector{two::Size::SIZE_SMALL});
  EXPECT_EQ(enums.unknown_fields, "\x08\x4D\x18\x4D");
}

TEST(Defaults, OfProto2AreThereForTheAsking) {
  const two::Defaults defaults;
  EXPECT_EQ(defaults.f_int32_or_default(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(defaults.f_int64_or_default(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(defaults.f_uint32_or_default(), std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(defaults.f_uint64_or_default(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(defaults.f_double_or_default(), 1e-300);
  EXPECT_EQ(defaults.f_inf_or_default(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(defaults.f_nan_or_default()));
  EXPECT_EQ(defaults.f_float_or_default(), 0.1F);
  EXPECT_TRUE(defaults.f_bool_or_default());
  EXPECT_EQ(defaults.f_string_or_default(), "a \"quoted\"\\\n?\?= text with 1\0012");
  EXPECT_EQ(defaults.f_bytes_or_default(), std::string_view("\0\xFF\1", 3));
  EXPECT_EQ(defaults.f_size_or_default(), two::Size::SIZE_LARGE);
  EXPECT_EQ(defaults.f_sint32_or_default(), -7);
  EXPECT_EQ(two::Defaults{.f_int32 = 3}.f_int32_or_default(), 3);
  EXPECT_FALSE(defaults.f_int32.has_value());
}

TEST(Required, IsAskedForByIsInitialized) {
  two::HoldsRequired holds;
  EXPECT_TRUE(is_initialized(holds));
  holds.named["key"];
  EXPECT_FALSE(is_initialized(holds));
  holds.named["key"] = {.number = 1, .text = "x"};
  EXPECT_TRUE(is_initialized(holds));
  holds.set_chosen({});
  EXPECT_FALSE(is_initialized(holds));
}

TEST(Buffers, AreUsedAgain) {
  wasm_grpc::guest::Buffer buffer;
  const three::Scalars scalars{.f_string = std::string(5000, 'x')};
  const auto first = encode(scalars, buffer);
  EXPECT_EQ(first, wasm_grpc::guest::Bytes(encode(scalars)));
  const std::uint32_t capacity = buffer.capacity();
  const auto second = encode(scalars, buffer);
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(second.data(), first.data());
}

}  // namespace
}  // namespace ours::features
