// The addresses of names, and what happens where nobody wants them any more.

#include "client/name_lookup.h"

#include <gtest/gtest.h>

#include <optional>

namespace wasm_grpc::client {
namespace {

struct Found {
  asio::error_code error;
  NameLookup::Addresses addresses;
};

/// Looks it up, with a loop that runs until there is nothing more to do.
std::optional<Found> look_up(const std::string& host, const std::string& port) {
  asio::io_context io{1};
  NameLookup lookup(io);
  std::optional<Found> found;
  lookup.start(host, port, [&](const asio::error_code& error, const NameLookup::Addresses& addresses) {
    found = Found{error, addresses};
  });
  EXPECT_FALSE(found.has_value()) << "it is told later";
  io.run_for(std::chrono::seconds(60));
  return found;
}

TEST(NameLookup, HasTheAddressesOfAName) {
  const auto found = look_up("localhost", "443");
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->error) << found->error.message();
  ASSERT_FALSE(found->addresses.empty());
  for (const auto& address : found->addresses) {
    EXPECT_TRUE(address.address().is_loopback()) << address;
    EXPECT_EQ(address.port(), 443);
  }
}

TEST(NameLookup, HasNumbersAsTheyAre) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const auto found = look_up(host, "1");
    ASSERT_TRUE(found.has_value() && !found->error) << host;
    ASSERT_EQ(found->addresses.size(), 1U);
    EXPECT_EQ(found->addresses.front().address().to_string(), host);
  }
}

TEST(NameLookup, SaysThatThereIsNoSuchName) {
  const auto found = look_up("no such name", "443");
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->error);
  EXPECT_TRUE(found->addresses.empty());
}

TEST(NameLookup, IsNotToldOnceCancelledAndDoesNotHoldUpItsLoop) {
  for (const char* host : {"localhost", "127.0.0.1", "no-such-name.invalid"}) {
    asio::io_context io{1};
    bool told = false;
    {
      NameLookup lookup(io);
      lookup.start(host, "443", [&](const asio::error_code&, const NameLookup::Addresses&) { told = true; });
    }
    io.run();  // returns: there is nothing that it waits for
    EXPECT_FALSE(told) << host;
  }
}

TEST(NameLookup, MayBeStartedAnewFromWhatItTells) {
  asio::io_context io{1};
  NameLookup lookup(io);
  int told = 0;
  lookup.start("127.0.0.1", "1", [&](const asio::error_code&, const NameLookup::Addresses&) {
    ++told;
    lookup.start("localhost", "2", [&](const asio::error_code&, const NameLookup::Addresses& addresses) {
      ++told;
      EXPECT_EQ(addresses.front().port(), 2);
    });
  });
  io.run_for(std::chrono::seconds(60));
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace wasm_grpc::client
