// Ours and libprotobuf's JSON, of the same messages.
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <random>
#include <regex>

#include "features3.pb.h"
#include "json_case.h"
#include "protoc/random_message.h"
#include "valid_message.h"

namespace wasm_grpc::json::test {
namespace {

namespace pb = google::protobuf;

template <typename Message>
std::string google_text(const Message& message) {
  std::string text;
  const auto status = pb::util::MessageToJsonString(message, &text);
  EXPECT_TRUE(status.ok()) << status.message() << message.DebugString();
  return text;
}

/// Whether libprotobuf refuses what it need not: base64 with bits set that no byte needs, integers in quotes with an
/// exponent, and types of an Any at other places than type.googleapis.com.
bool is_strict(const std::string& refusal) {
  static const std::regex bytes("TYPE_BYTES");
  static const std::regex exponent("invalid value \"-?[0-9.]+[eE][0-9+-]+\" for type");
  static const std::regex url("Invalid type URL");
  return std::regex_search(refusal, bytes) || std::regex_search(refusal, exponent) || std::regex_search(refusal, url);
}

template <typename Message>
class ComparedJson : public testing::Test {};
using Messages = testing::Types<features::three::Scalars, features::three::Presence, features::three::Repeated,
                                features::three::Unpacked, features::three::Maps, features::three::Choice,
                                features::three::Node, features::three::WellKnown, features::three::Everything>;
TYPED_TEST_SUITE(ComparedJson, Messages);

TYPED_TEST(ComparedJson, SaysTheSameBothWays) {
  std::mt19937 random(4711);
  for (int run = 0; run < 1000; ++run) {
    TypeParam message;
    fill_valid(message, random, run % 5, Floats::common);
    const std::string bytes = wasm_grpc::test::serialized(message);

    const std::string ours = write_text<TypeParam>(bytes);
    const std::string theirs = google_text(message);
    ASSERT_EQ(nlohmann::json::parse(ours), nlohmann::json::parse(theirs)) << message.DebugString();

    for (const std::string& text : {ours, theirs}) {
      const std::string read = read_bytes<TypeParam>(text);
      TypeParam again;
      ASSERT_TRUE(again.ParseFromString(read)) << read << "\n" << text;
      ASSERT_EQ(wasm_grpc::test::serialized(again), bytes) << text << again.DebugString();
    }
    TypeParam theirs_of_ours;
    const auto status = pb::util::JsonStringToMessage(ours, &theirs_of_ours);
    ASSERT_TRUE(status.ok()) << status.message() << ours;
    ASSERT_EQ(wasm_grpc::test::serialized(theirs_of_ours), bytes) << ours;
  }
}

TYPED_TEST(ComparedJson, ComesBackAsItWas) {
  std::mt19937 random(1147);
  for (int run = 0; run < 1000; ++run) {
    TypeParam message;
    fill_valid(message, random, run % 5, Floats::any);
    const std::string text = write_message(message);
    TypeParam again;
    ASSERT_TRUE(again.ParseFromString(read_bytes<TypeParam>(text))) << text;
    ASSERT_EQ(wasm_grpc::test::serialized(again), wasm_grpc::test::serialized(message)) << text;
  }
}

/// Messages that came in parts, and out of order: as libprotobuf puts them together.
TYPED_TEST(ComparedJson, PutsTogetherWhatComesInParts) {
  std::mt19937 random(42);
  int written = 0;
  for (int run = 0; run < 1000; ++run) {
    std::string bytes;
    for (int part = 0; part < 3; ++part) {
      TypeParam message;
      fill_valid(message, random, run % 4, Floats::common);
      bytes += message.SerializeAsString();
    }
    TypeParam whole;
    ASSERT_TRUE(whole.ParseFromString(bytes));
    std::string theirs;
    const auto status = pb::util::MessageToJsonString(whole, &theirs);
    const std::string ours = write_text<TypeParam>(bytes);
    // Times that were put together of two may be none any more; libprotobuf writes some of them nevertheless.
    if (ours.find("out of range") != std::string::npos) continue;
    ++written;
    ASSERT_EQ(nlohmann::json::parse(ours), nlohmann::json::parse(theirs)) << whole.DebugString();
  }
  EXPECT_GT(written, 500);
}

/// Texts that were changed at random: what we take, libprotobuf takes as the same message. (It takes more.)
TYPED_TEST(ComparedJson, TakesNothingThatLibprotobufRefuses) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  int taken = 0;
  for (int run = 0; run < 4000; ++run) {
    TypeParam message;
    fill_valid(message, random, 1 + run % 2, Floats::common);
    std::string text = write_message(message);
    constexpr std::string_view odd = "{}[]\",:0123456789.eE-+truefalsn \\";
    for (std::size_t changes = 1 + below(2); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(3)) {
        case 0:
          text[at] = odd[below(odd.size())];
          break;
        case 1:
          text.insert(at, 1, odd[below(odd.size())]);
          break;
        default:
          text.erase(at, 1 + below(3));
          if (text.empty()) text = "{}";
      }
    }
    if (text.find("-0") != std::string::npos) continue;  // as for Floats
    const std::string ours = read_bytes<TypeParam>(text);
    if (ours.starts_with("error: ")) continue;
    ++taken;
    TypeParam read;
    ASSERT_TRUE(read.ParseFromString(ours)) << text;
    TypeParam theirs;
    const auto status = pb::util::JsonStringToMessage(text, &theirs);
    if (!status.ok() && is_strict(std::string(status.message()))) continue;
    ASSERT_TRUE(status.ok()) << status.message() << text;
    ASSERT_EQ(wasm_grpc::test::serialized(read), wasm_grpc::test::serialized(theirs)) << text;
  }
  EXPECT_GT(taken, 0);
}

}  // namespace
}  // namespace wasm_grpc::json::test
