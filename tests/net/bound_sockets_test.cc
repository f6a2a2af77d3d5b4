// Sockets for all addresses of a name.
#include "net/bound_sockets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "listening.h"
#include "net/address.h"

namespace wasm_grpc::net {
namespace {

using asio::ip::make_address;
using asio::ip::tcp;

struct BoundSocketsTest : testing::Test {
  /// As for a name with these addresses.
  Result<std::vector<Acceptor>> bind(const std::vector<std::string>& hosts, std::uint16_t port = 0) {
    std::vector<tcp::endpoint> addresses;
    for (const std::string& host : hosts) addresses.emplace_back(make_address(host), port);
    return bind_to(io, "name:" + std::to_string(port), addresses, [this](int family) {
      asked.insert(family);
      return family == AF_INET || has_v6;
    });
  }
  std::string error_of(const std::vector<std::string>& hosts, std::uint16_t port = 0) {
    const auto bound = bind(hosts, port);
    return bound.ok() ? "no error" : bound.error().message;
  }
  static std::vector<std::string> hosts_of(const std::vector<Acceptor>& bound) {
    std::vector<std::string> hosts;
    for (const Acceptor& acceptor : bound) hosts.push_back(local_endpoint(acceptor).address().to_string());
    return hosts;
  }

  asio::io_context io;
  bool has_v6 = true;
  std::set<int> asked;
};

TEST_F(BoundSocketsTest, AreOneForEachAddressAndHaveOnePort) {
  for (int i = 0; i < 20; ++i) {
    const auto bound = bind({"127.0.0.1", "127.0.0.2"});
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    EXPECT_EQ(hosts_of(bound.value()), (std::vector<std::string>{"127.0.0.1", "127.0.0.2"}));
    EXPECT_NE(local_endpoint(bound.value()[0]).port(), 0);
    EXPECT_EQ(local_endpoint(bound.value()[0]).port(), local_endpoint(bound.value()[1]).port());
  }
}

TEST_F(BoundSocketsTest, TakeBothFamiliesAlsoOfAllInterfaces) {
  if (!has_family(AF_INET6)) GTEST_SKIP() << "this machine has no IPv6";
  for (const auto& hosts : {std::vector<std::string>{"::1", "127.0.0.1"}, std::vector<std::string>{"::", "0.0.0.0"}}) {
    const auto bound = bind(hosts);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    EXPECT_EQ(hosts_of(bound.value()), hosts);
  }
}

TEST_F(BoundSocketsTest, LookForAPortThatIsFreeOnAllAddresses) {
  // Some ports of the second address are taken, of the range from which the system gives one for the first.
  std::vector<Acceptor> taken;
  tcp::endpoint address(make_address("127.0.0.2"), 0);
  for (int i = 0; i < 500; ++i) {
    auto one = bind_to(io, "127.0.0.2:0", {address});
    if (!one.ok()) break;  // out of descriptors
    asio::error_code error;
    one.value().front().listen(1, error);
    taken.push_back(std::move(one.value().front()));
  }
  ASSERT_GT(taken.size(), 100U);
  for (int i = 0; i < 200; ++i) {
    const auto bound = bind({"127.0.0.1", "127.0.0.2"});
    ASSERT_TRUE(bound.ok()) << bound.error().message;
  }
}

TEST_F(BoundSocketsTest, AnAddressThatIsTakenIsAnErrorThatNamesIt) {
  auto first = bind({"127.0.0.2"});
  ASSERT_TRUE(first.ok());
  asio::error_code error;
  first.value().front().listen(1, error);
  const std::uint16_t port = local_endpoint(first.value().front()).port();
  const std::string said = error_of({"127.0.0.1", "127.0.0.2"}, port);
  EXPECT_EQ(said.find("cannot listen on name:" + std::to_string(port) + ": 127.0.0.2:" + std::to_string(port) +
                      ": another program uses this port; stop it or choose another port"),
            0U)
      << said;
}

TEST_F(BoundSocketsTest, AnAddressOfAnotherMachineIsAnErrorThoughOthersCouldBeBound) {
  EXPECT_NE(error_of({"127.0.0.1", "192.0.2.1"}).find("192.0.2.1"), std::string::npos);
  EXPECT_NE(error_of({"192.0.2.1", "127.0.0.1"}).find("192.0.2.1"), std::string::npos);
  EXPECT_EQ(asked, std::set<int>{AF_INET});
}

TEST_F(BoundSocketsTest, AnAddressOfAFamilyThatIsNotThereIsLeftOut) {
  has_v6 = false;
  for (const auto& hosts :
       {std::vector<std::string>{"2001:db8::1", "127.0.0.1"}, std::vector<std::string>{"127.0.0.1", "2001:db8::1"}}) {
    const auto bound = bind(hosts);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    EXPECT_EQ(hosts_of(bound.value()), std::vector<std::string>{"127.0.0.1"});
  }
  EXPECT_NE(error_of({"2001:db8::1"}).find("cannot listen on name:0: "), std::string::npos) << "alone it is an error";
  EXPECT_NE(error_of({"2001:db8::1", "2001:db8::2"}).find("[2001:db8::1]:0"), std::string::npos);
}

TEST(ListenOn, ListensOnAllAddressesOrNone) {
  Listening listening(1);
  const auto make = [&] { return std::make_shared<Listener>(listening.io(), listening.door(), listening.watch()); };
  const auto opened = listen_on(listening.io(), parse_listen_address("localhost:0", false).value(), make);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  asio::io_context clients;
  std::vector<tcp::socket> sockets;
  for (const auto& listener : opened.value()) {
    sockets.emplace_back(clients).connect(listener->local_endpoint());
    EXPECT_EQ(listener->address(), to_text(listener->local_endpoint()));
    EXPECT_EQ(listener->local_endpoint().port(), opened.value().front()->local_endpoint().port());
  }
  EXPECT_TRUE(listening.run_until([&] { return listening.received() == sockets.size(); }));
  const std::string port = std::to_string(opened.value().front()->local_endpoint().port());
  const auto again = parse_listen_address("localhost:" + port, false).value();
  EXPECT_FALSE(listen_on(listening.io(), again, make).ok());
  for (const auto& listener : opened.value()) listener->close();
  const auto once_more = listen_on(listening.io(), again, make);
  EXPECT_TRUE(once_more.ok());
  for (const auto& listener : once_more.value()) listener->close();
}

}  // namespace
}  // namespace wasm_grpc::net
