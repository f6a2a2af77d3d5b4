// Token buckets of clients, and the limits that use them.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "access/keyed_hash.h"
#include "access/rate_limits.h"
#include "access/rate_table.h"
#include "wasm_grpc/rate_text.h"

namespace wasm_grpc::access {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const RateTable::Clock::time_point start{seconds(1000)};

std::uint64_t key(int number) { return KeyedHash(1, 2)(std::to_string(number)); }

/// How many calls get through at that moment.
int count(RateTable& table, std::uint64_t hash, const Rate& rate, RateTable::Clock::time_point at, int most = 1000) {
  int got = 0;
  while (got < most && !table.take(hash, rate, at)) ++got;
  return got;
}

TEST(RateTable, GivesABurstAndThenAsTimePasses) {
  RateTable table(16);
  const Rate rate{.per_second = 10, .burst = 5};
  EXPECT_EQ(count(table, key(1), rate, start), 5);
  EXPECT_EQ(table.take(key(1), rate, start), nanoseconds(milliseconds(100)));
  EXPECT_EQ(count(table, key(1), rate, start + milliseconds(99)), 0);
  EXPECT_EQ(count(table, key(1), rate, start + milliseconds(100)), 1);
  EXPECT_EQ(count(table, key(1), rate, start + milliseconds(350)), 2);
  EXPECT_EQ(count(table, key(1), rate, start + seconds(100)), 5) << "never more than the burst";
}

TEST(RateTable, ClientsDoNotTakeFromEachOther) {
  RateTable table(1024);
  const Rate rate{.per_second = 1, .burst = 3};
  for (int client = 0; client < 100; ++client) EXPECT_EQ(count(table, key(client), rate, start), 3) << client;
}

TEST(RateTable, ToLookTakesNothing) {
  RateTable table(16);
  const Rate rate{.per_second = 1, .burst = 1};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(table.look(key(1), rate, start));
  EXPECT_FALSE(table.take(key(1), rate, start));
  EXPECT_EQ(table.look(key(1), rate, start), nanoseconds(seconds(1)));
}

TEST(RateTable, SlowerThanOnceASecondWorksToo) {
  RateTable table(16);
  const Rate rate{.per_second = 1.0 / 60, .burst = 1};
  EXPECT_EQ(count(table, key(1), rate, start), 1);
  EXPECT_EQ(count(table, key(1), rate, start + seconds(59)), 0);
  EXPECT_EQ(count(table, key(1), rate, start + seconds(60)), 1);
}

TEST(RateTable, WhoeverMakesUpKeysGetsNoMoreThanTheTableHolds) {
  RateTable table(64);
  const Rate rate{.per_second = 1, .burst = 2};
  int got = 0;
  for (int i = 0; i < 100'000; ++i) got += table.take(key(i), rate, start) ? 0 : 1;
  EXPECT_LE(got, static_cast<int>(table.size()) * 2);
  EXPECT_GT(got, static_cast<int>(table.size()));
  // And when the time has passed there is room again for those who are not they.
  EXPECT_EQ(count(table, key(-1), rate, start + seconds(10)), 2);
}

TEST(RateTable, ManyThreadsTakeNoMoreThanThereIs) {
  RateTable table(16);
  const Rate rate{.per_second = 1, .burst = 1000};
  (void)table.take(key(1), rate, start);
  std::atomic<int> got = 1;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { got += count(table, key(1), rate, start, 10'000); });
    }
  }
  EXPECT_EQ(got, 1000);
}

TEST(KeyedHash, IsThatOfItsPaperAndAnotherForAnotherKey) {
  // SipHash-1-3 of 00 01 ... under the key 00 01 ... 0f.
  const KeyedHash hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
  EXPECT_EQ(hash(""), 0xabac0158050fc4dcU);
  EXPECT_EQ(hash(std::string_view("\0", 1)), 0xc9f49bf37d57ca93U);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(hash(std::to_string(i)));
  EXPECT_EQ(seen.size(), 10'000U);
  EXPECT_NE(KeyedHash(1, 2)("a"), KeyedHash(1, 3)("a"));
}

class RateLimitsTest : public testing::Test {
 protected:
  void use(RateLimit limit) {
    limit.calls_per_second = 1.0 / 3600;
    if (limit.burst == 0) limit.burst = 2;
    auto made = RateLimits::make({limit});
    ASSERT_TRUE(made.ok()) << made.error().message;
    limits_ = made.value();
  }
  /// How many calls get through.
  [[nodiscard]] int count(const rpc::Client& client, const Identity& identity = {}, std::string_view path = "/a.A/One",
                          std::string_view header = "") {
    rpc::Request request;
    request.client = &client;
    if (!header.empty()) request.metadata.add("x-key", header);
    int got = 0;
    while (got < 100 && !limits_->take(RateLimits::When::before_identity, request, path, identity) &&
           !limits_->take(RateLimits::When::after_identity, request, path, identity)) {
      ++got;
    }
    return got;
  }

  std::shared_ptr<RateLimits> limits_;
  const rpc::Client one_{1, "192.0.2.1:1000"};
  const rpc::Client one_again_{2, "192.0.2.1:2000"};
  const rpc::Client two_{3, "192.0.2.2:1000"};
};

TEST_F(RateLimitsTest, ByAddressAllConnectionsOfAHostAreOne) {
  use({.per = RateKey::address});
  EXPECT_EQ(count(one_), 2);
  EXPECT_EQ(count(one_again_), 0);
  EXPECT_EQ(count(two_), 2);
}

TEST_F(RateLimitsTest, ByIdentityATokenIsWhoItSaysElseTheCertificateElseTheAddress) {
  use({.per = RateKey::identity});
  Claims alice{.issuer = "i", .subject = "alice", .all = {}};
  Claims alice_of_another{.issuer = "j", .subject = "alice", .all = {}};
  const TlsNames gateway = {{TlsNameKind::common_name, "x"}};
  const TlsNames host = {{TlsNameKind::dns, "x"}};
  EXPECT_EQ(count(one_, {gateway, true, &alice}), 2);
  EXPECT_EQ(count(two_, {{}, true, &alice}), 0);
  EXPECT_EQ(count(one_, {{}, true, &alice_of_another}), 2);
  EXPECT_EQ(count(one_, {gateway, true, nullptr}), 2);
  EXPECT_EQ(count(two_, {gateway, true, nullptr}), 0);
  EXPECT_EQ(count(two_, {host, true, nullptr}), 2) << "the same name of another kind";
  EXPECT_EQ(count(one_), 2);
  EXPECT_EQ(count(one_again_), 0);
}

TEST_F(RateLimitsTest, ByHeaderEachValueHasItsOwnAndThoseWithoutAreOne) {
  use({.per = RateKey::header, .header = "x-key"});
  EXPECT_EQ(count(one_, {}, "/a.A/One", "k"), 2);
  EXPECT_EQ(count(two_, {}, "/a.A/One", "k"), 0);
  EXPECT_EQ(count(one_, {}, "/a.A/One", "l"), 2);
  EXPECT_EQ(count(one_), 2);
  EXPECT_EQ(count(two_), 0);
}

TEST_F(RateLimitsTest, HoldsForItsPaths) {
  use({.per = RateKey::address, .paths = {"/a.A/*", "*/Slow"}});
  EXPECT_EQ(count(one_, {}, "/b.B/One"), 100);
  EXPECT_EQ(count(one_, {}, "/b.B/Slow"), 2);
  EXPECT_EQ(count(one_, {}, "/a.A/One"), 0);
}

TEST(RateLimits, SaysWhatIsWrong) {
  const auto why_not = [](const RateLimit& limit) {
    const auto made = RateLimits::make({{.calls_per_second = 1, .burst = 1}, limit});
    return made.ok() ? "" : made.error().message;
  };
  EXPECT_NE(why_not({.calls_per_second = 0, .burst = 1}).find("rate limit 2: expected from one call an hour"),
            std::string::npos);
  EXPECT_NE(why_not({.calls_per_second = 1, .burst = 0.5}).find("burst: expected 1"), std::string::npos);
  EXPECT_NE(why_not({.per = RateKey::header, .calls_per_second = 1, .burst = 1}).find("name of a header"),
            std::string::npos);
  EXPECT_NE(why_not({.header = "x", .calls_per_second = 1, .burst = 1}).find("name of a header"), std::string::npos);
  EXPECT_NE(why_not({.per = RateKey::header, .header = "X-Key", .calls_per_second = 1, .burst = 1}).find("lower case"),
            std::string::npos);
  EXPECT_NE(why_not({.calls_per_second = 1, .burst = 1, .paths = {"a"}}).find("\"a\": expected a path"),
            std::string::npos);
  EXPECT_NE(why_not({.calls_per_second = 1, .burst = 1, .max_clients = 0}).find("expected room for"),
            std::string::npos);
}

TEST(RateText, SaysWhoseCallsHowManyAndWhich) {
  const RateLimit plain = parse_rate_limit("identity 100/s").value();
  EXPECT_EQ(plain.per, RateKey::identity);
  EXPECT_EQ(plain.calls_per_second, 100);
  EXPECT_EQ(plain.burst, 100);
  EXPECT_TRUE(plain.paths.empty());
  const RateLimit full = parse_rate_limit("header:x-key  90/m burst 20 /a.A/* */Slow ").value();
  EXPECT_EQ(full.per, RateKey::header);
  EXPECT_EQ(full.header, "x-key");
  EXPECT_EQ(full.calls_per_second, 1.5);
  EXPECT_EQ(full.burst, 20);
  EXPECT_EQ(full.paths, (std::vector<std::string>{"/a.A/*", "*/Slow"}));
  EXPECT_EQ(parse_rate_limit("address 10/h").value().burst, 1);
}

TEST(RateText, WhatIsNoneIsRefusedByItsText) {
  for (const char* wrong : {"", "identity", "who 1/s", "identity 1", "identity s", "identity -1/s", "identity 1/d",
                            "identity 1e3/s", "identity nan/s", "identity inf/s", "identity 1/s burst",
                            "identity 1/s burst x", "identity 1/s burst 0", "identity 0/s", "header: 1/s",
                            "header:X 1/s", "identity 1/s path", "identity 1/s /a*b", "identity 1/s burst 1 burst 2"}) {
    const auto parsed = parse_rate_limit(wrong);
    ASSERT_FALSE(parsed.ok()) << wrong;
    EXPECT_EQ(parsed.error().message.find("\"" + std::string(wrong) + "\": "), 0U) << parsed.error().message;
  }
}

}  // namespace
}  // namespace wasm_grpc::access
