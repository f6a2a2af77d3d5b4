// Messages are held to the rules of buf.validate in their .proto, where the plugin is asked to.
#include "wasm_grpc/guest/validation.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fake_host.h"
#include "rules.guest.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using ours::features::rules::All;
using ours::features::rules::Free;
using ours::features::rules::Kind;
using ours::features::rules::Lists;
using ours::features::rules::Numbers;
using ours::features::rules::Texts;
using Found = std::vector<std::string>;

/// "field rule" of each violation.
template <typename Message>
Found found(const Message& message) {
  Violations violations;
  validate_fields(message, violations);
  Found all;
  for (const auto& one : violations.found().field_violations) all.push_back(one.field + " " + one.reason);
  return all;
}

Numbers good_numbers() { return {.yes = true}; }
Texts good_texts() { return {.name = "name", .code = "AB-1", .data = "x", .fixed = "\"quoted\""}; }
Lists good_lists() { return {.tags = {"a"}}; }
All good() {
  All all{.numbers = good_numbers(), .texts = good_texts(), .lists = good_lists(), .kind = Kind::KIND_GOOD};
  all.set_left("l");
  return all;
}

TEST(Rules, LetPassWhatKeepsToThem) {
  EXPECT_EQ(found(good()), Found());
  EXPECT_FALSE(broken_rules(good()).has_value());
}

TEST(Rules, OfNumbersAreBoundsAndSets) {
  Numbers numbers = good_numbers();
  numbers.age = 150;
  numbers.outside = 10;
  numbers.ratio = 1.5;
  numbers.one = 3;
  numbers.none = 8;
  numbers.yes = false;
  numbers.maybe = 5;
  EXPECT_EQ(found(numbers), (Found{"age int32.gte", "outside sint64.gt", "ratio double.lte", "one uint32.in",
                                   "none fixed64.not_in", "yes bool.const", "maybe int32.gt"}));
  for (const std::int64_t good : {-11, 11}) {
    numbers = good_numbers();
    numbers.outside = good;
    EXPECT_EQ(found(numbers), Found()) << good;
  }
  numbers.ratio = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(found(numbers), (Found{"ratio double.lte", "ratio double.finite"}));
}

TEST(Rules, OfTextAreLengthsPatternsAndForms) {
  Texts texts;
  EXPECT_EQ(found(texts), (Found{"name required", "name string.min_len", "code string.pattern", "code string.prefix",
                                 "data bytes.contains", "fixed string.const", "fixed string.suffix"}));
  texts = good_texts();
  texts.name = "\xC3\xB6\xC3\xB6\xC3\xB6\xC3\xB6\xC3\xB6";  // five, of ten bytes
  EXPECT_EQ(found(texts), Found());
  texts.name += "x";
  texts.code = "AB-x";
  texts.data = "xxxxx";
  texts.fixed = "z\"";
  EXPECT_EQ(found(texts), (Found{"name string.max_len", "code string.pattern", "data bytes.max_len",
                                 "fixed string.const", "fixed string.not_contains"}));
}

TEST(Rules, KnowUuidsEmailsAndHostnames) {
  const auto all = [](const char* id, const char* mail, const char* host) {
    Texts texts = good_texts();
    texts.id = id;
    texts.mail = mail;
    texts.host = host;
    return found(texts);
  };
  EXPECT_EQ(all("00112233-4455-6677-8899-aabbccddeeFF", "a.b+c@d-e.test", "a-1.test."), Found());
  EXPECT_EQ(all("00112233-4455-6677-8899-aabbccddeeFg", "a@", "-a.test"),
            (Found{"id string.uuid", "mail string.email", "host string.hostname"}));
  EXPECT_EQ(all("001122334455-6677-8899-aabbccddeeFF0", "a b@c", "1.2.3.4"),
            (Found{"id string.uuid", "mail string.email", "host string.hostname"}));
}

TEST(Rules, OfListsAndMapsAreOfThemAndTheirElements) {
  Lists lists;
  EXPECT_EQ(found(lists), (Found{"tags repeated.min_items"}));
  lists.tags = {"a", "a", "", "b"};
  lists.counts = {{"long", 1}, {"b", 0}, {"c", 1}};
  lists.kinds = {Kind::KIND_GOOD, Kind::KIND_BAD, static_cast<Kind>(9)};
  Numbers bad = good_numbers();
  bad.age = -1;
  lists.numbers = {good_numbers(), bad};
  lists.by_number = {{-5, bad}};
  EXPECT_EQ(found(lists),
            (Found{"tags repeated.max_items", "tags repeated.unique", "tags[2] string.min_len", "counts map.max_pairs",
                   "counts[\"b\"] int32.gt", "counts[\"long\"] string.max_len", "kinds[1] enum.not_in",
                   "kinds[2] enum.defined_only", "numbers[1].age int32.gte", "by_number[-5].age int32.gte"}));
}

TEST(Rules, OfMessagesReachIntoThem) {
  All all;
  EXPECT_EQ(found(all), (Found{"numbers required", "kind required", "choice required"}));
  all = good();
  all.set_left("");
  all.numbers->age = 1000;
  all.kind = static_cast<Kind>(77);
  EXPECT_EQ(found(all), (Found{"numbers.age int32.gte", "left string.min_len", "kind enum.defined_only"}));
  All inner = good();
  inner.texts->name = "x";
  all = good();
  all.set_right(inner);
  EXPECT_EQ(found(all), (Found{"right.texts.name string.min_len"}));
}

TEST(Rules, AreToldOfUpToABound) {
  Lists lists = good_lists();
  lists.kinds.assign(1'000'000, Kind::KIND_BAD);
  EXPECT_EQ(found(lists).size(), Violations::most);
}

TEST(Rules, BrokenAreAStatusWithDetails) {
  Numbers numbers;
  numbers.age = 200;
  const Status status = *broken_rules(numbers);
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_EQ(status.message(), "age: must be at least 0 and less than 150 (and 1 more)");
  google::rpc::Status parsed;
  google::rpc::BadRequest bad;
  ASSERT_TRUE(parsed.ParseFromString(status.details()) && parsed.details(0).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(1).field(), "yes");
  EXPECT_EQ(bad.field_violations(1).description(), "must be true");
  EXPECT_EQ(bad.field_violations(1).reason(), "bool.const");
}

/// Counts what reaches it.
class Service final : public ours::features::rules::Rules {
 public:
  Result<Free> Take(Context&, const All&) override { return Free{.text = std::to_string(++calls)}; }
  Result<Free> TakeMany(Context&, MessageReader<Numbers>& in) override {
    for ([[maybe_unused]] const Numbers& numbers : in) ++calls;
    return Free{};
  }
  int calls = 0;
};

TEST(Rules, AreEnforcedBeforeMethodsAreCalled) {
  testing::FakeHost host;
  Registry registry;
  Service service;
  add_service(registry, service);
  host.calls[1].requests = {encode(All())};
  EXPECT_EQ(registry.dispatch(1, 0), 3);
  host.calls[2].requests = {encode(good())};
  EXPECT_EQ(registry.dispatch(2, 0), 0);
  EXPECT_EQ(service.calls, 1);
  ASSERT_EQ(host.calls[1].trailers.size(), 1U);
  EXPECT_EQ(host.calls[1].trailers[0].first, "grpc-status-details-bin");
  EXPECT_EQ(host.calls[1].finished->second, "numbers: is required (and 2 more)");

  host.calls[3].requests = {encode(good_numbers()), encode(Numbers()), encode(good_numbers())};
  EXPECT_EQ(registry.dispatch(3, 1), 3);
  EXPECT_EQ(service.calls, 2);
}

}  // namespace
}  // namespace wasm_grpc::guest
