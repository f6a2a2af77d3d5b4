// Values of every type, set by hand in Google's message and in ours: both write the same bytes, and read them as the
// same values. (Round trips alone would not see a type that is misread and written back as it was misread.)
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "random_message.h"
#include "schema_types.h"
#include "wasm_grpc/guest/message.h"

namespace wasm_grpc::test {
namespace {

using guest::decode;
using guest::encode;

using ours::features::three::Color;

/// Value number `index` of a type: its ends first.
template <typename Value>
Value example(std::size_t index) {
  if constexpr (std::is_same_v<Value, std::string>) {
    const std::string examples[] = {"", "x", "Gr\303\274\303\237e", std::string(200, 'y'), std::string("a\0b", 3), "z"};
    return examples[index % 6];
  } else if constexpr (std::is_same_v<Value, bool>) {
    return index % 2 == 1;
  } else if constexpr (std::is_enum_v<Value>) {
    return static_cast<Value>(example<std::int32_t>(index));
  } else {
    using Limits = std::numeric_limits<Value>;
    const Value examples[] = {0, 1, static_cast<Value>(-1), Limits::max(), Limits::lowest(), Limits::min(), 100, 300};
    return examples[index % 8];
  }
}
constexpr std::size_t examples = 8;

/// As Google's enums of proto3 are set and got.
template <typename Value>
auto to_google(Value value) {
  if constexpr (std::is_enum_v<Value>) {
    return static_cast<features::three::Color>(value);
  } else {
    return value;
  }
}

#define FOR_NUMBERS(DO)                                                                                             \
  DO(f_double, double)                                                                                              \
  DO(f_float, float)                                                                                                \
  DO(f_int32, std::int32_t)                                                                                         \
  DO(f_int64, std::int64_t)                                                                                         \
  DO(f_uint32, std::uint32_t)                                                                                       \
  DO(f_uint64, std::uint64_t)                                                                                       \
  DO(f_sint32, std::int32_t)                                                                                        \
  DO(f_sint64, std::int64_t) DO(f_fixed32, std::uint32_t) DO(f_fixed64, std::uint64_t) DO(f_sfixed32, std::int32_t) \
      DO(f_sfixed64, std::int64_t) DO(f_bool, bool) DO(f_color, Color)
#define FOR_SCALARS(DO) FOR_NUMBERS(DO) DO(f_string, std::string) DO(f_bytes, std::string)

template <typename Google, typename Ours>
void expect_same(const Google& google, const Ours& ours) {
  EXPECT_EQ(encode(ours), serialized(google)) << google.DebugString();
  Ours back;
  ASSERT_TRUE(decode(serialized(google), back));
  EXPECT_TRUE(back == ours) << google.DebugString();
}

TEST(EqualBytes, OfScalars) {
  for (std::size_t i = 0; i < examples; ++i) {
    features::three::Scalars google;
    ours::features::three::Scalars ours;
#define SET(name, Type)                           \
  google.set_##name(to_google(example<Type>(i))); \
  ours.name = example<Type>(i);
    FOR_SCALARS(SET)
#undef SET
    expect_same(google, ours);
  }
}

TEST(EqualBytes, OfNegativeZero) {
  features::three::Scalars google;
  google.set_f_double(-0.0);
  google.set_f_float(-0.0F);
  ours::features::three::Scalars ours;
  ours.f_double = -0.0;
  ours.f_float = -0.0F;
  EXPECT_FALSE(encode(ours).empty());
  expect_same(google, ours);
}

TEST(EqualBytes, OfScalarsWithPresence) {
  for (std::size_t i = 0; i < examples; ++i) {
    features::three::Presence google;
    ours::features::three::Presence ours;
    expect_same(google, ours);
#define SET(name, Type)                           \
  google.set_##name(to_google(example<Type>(i))); \
  ours.name = example<Type>(i);
    FOR_SCALARS(SET)
#undef SET
    google.mutable_f_message()->set_f_int32(7);
    ours.f_message = {.f_int32 = 7};
    google.mutable_f_imported()->set_key("key");
    ours.f_imported = {.key = "key", .value = {}};
    google.set_f_imported_enum(features::common::LEVEL_HIGH);
    ours.f_imported_enum = ours::features::common::Level::LEVEL_HIGH;
    google.set_f_last("last");
    ours.f_last = "last";
    expect_same(google, ours);
  }
}

TEST(EqualBytes, OfRepeatedFields) {
  features::three::Repeated google;
  features::three::Unpacked google_unpacked;
  ours::features::three::Repeated ours;
  ours::features::three::Unpacked ours_unpacked;
  for (std::size_t i = 0; i < examples; ++i) {
#define ADD(name, Type)                           \
  google.add_##name(to_google(example<Type>(i))); \
  ours.name.push_back(example<Type>(i));
    FOR_SCALARS(ADD)
#undef ADD
#define ADD(name, Type)                                    \
  google_unpacked.add_##name(to_google(example<Type>(i))); \
  ours_unpacked.name.push_back(example<Type>(i));
    FOR_NUMBERS(ADD)
#undef ADD
    google.add_f_message()->set_f_int32(static_cast<std::int32_t>(i));
    ours.f_message.emplace_back().f_int32 = static_cast<std::int32_t>(i);
    expect_same(google, ours);
    expect_same(google_unpacked, ours_unpacked);
  }
  // Each is read as the other, too.
  ours::features::three::Unpacked from_packed;
  ours.f_string.clear();
  ours.f_bytes.clear();
  ours.f_message.clear();
  ASSERT_TRUE(decode(encode(ours), from_packed));
  EXPECT_TRUE(from_packed == ours_unpacked);
  ours::features::three::Repeated from_unpacked;
  ASSERT_TRUE(decode(encode(ours_unpacked), from_unpacked));
  EXPECT_TRUE(from_unpacked == ours);
}

TEST(EqualBytes, OfMaps) {
  features::three::Maps google;
  ours::features::three::Maps ours;
  for (std::size_t i = 0; i < examples; ++i) {
#define PUT(name, Key, Mapped)                                                     \
  (*google.mutable_##name())[example<Key>(i)] = to_google(example<Mapped>(i + 3)); \
  ours.name[example<Key>(i)] = example<Mapped>(i + 3);
    PUT(f_int32, std::int32_t, std::int32_t)
    PUT(f_int64, std::int64_t, std::int64_t)
    PUT(f_uint32, std::uint32_t, std::uint32_t)
    PUT(f_uint64, std::uint64_t, std::uint64_t)
    PUT(f_sint32, std::int32_t, std::int32_t)
    PUT(f_sint64, std::int64_t, std::int64_t)
    PUT(f_fixed32, std::uint32_t, std::uint32_t)
    PUT(f_fixed64, std::uint64_t, std::uint64_t)
    PUT(f_sfixed32, std::int32_t, std::int32_t)
    PUT(f_sfixed64, std::int64_t, std::int64_t)
    PUT(f_bool, bool, bool)
    PUT(f_string, std::string, std::string)
    PUT(f_bytes, std::string, std::string)
    PUT(f_color, std::string, Color)
    PUT(f_double, std::string, double)
    PUT(f_float, std::int32_t, float)
#undef PUT
    (*(*google.mutable_f_message())[example<std::string>(i)].mutable_f_int32())[1] = 2;
    ours.f_message[example<std::string>(i)].f_int32[1] = 2;
    expect_same(google, ours);
  }
}

TEST(EqualBytes, OfEachAlternativeOfAOneof) {
  for (std::size_t i = 0; i < examples; ++i) {
    features::three::Choice google;
    ours::features::three::Choice ours;
#define SET(name, Type)                           \
  google.set_##name(to_google(example<Type>(i))); \
  ours.set_##name(example<Type>(i));              \
  expect_same(google, ours);
    SET(f_double, double)
    SET(f_float, float)
    SET(f_int32, std::int32_t)
    SET(f_sint64, std::int64_t)
    SET(f_fixed32, std::uint32_t)
    SET(f_sfixed64, std::int64_t)
    SET(f_bool, bool)
    SET(f_string, std::string)
    SET(f_bytes, std::string)
    SET(f_color, Color)
    SET(f_other_string, std::string)
    SET(f_uint64, std::uint64_t)
#undef SET
    google.mutable_f_message()->set_f_int32(7);
    ours.set_f_message({.f_int32 = 7});
    expect_same(google, ours);
    google.mutable_f_itself()->mutable_f_itself()->set_before("x");
    ours.set_f_itself({}).set_f_itself({.before = "x"});
    expect_same(google, ours);
  }
}

TEST(EqualBytes, OfGroups) {
  features::two::Groups google;
  ours::features::two::Groups ours;
  google.mutable_one()->set_number(1);
  google.mutable_one()->mutable_again()->mutable_one();
  google.mutable_one()->add_within()->set_text("a");
  google.mutable_one()->add_within();
  google.add_many()->set_number(-1);
  google.add_many()->set_number(-2);
  google.mutable_chosen()->set_data("data");
  ours::features::two::Groups_One& one = ours.one.emplace();
  one.number = 1;
  one.again.emplace().one.emplace();
  one.within.emplace_back().text = "a";
  one.within.emplace_back();
  ours.many.emplace_back().number = -1;
  ours.many.emplace_back().number = -2;
  ours.set_chosen({.data = "data"});
  expect_same(google, ours);
}

}  // namespace
}  // namespace wasm_grpc::test
