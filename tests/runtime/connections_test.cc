// Which worker gets which connection, and how many there may be, in a whole server.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "http2/client.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view who = "/test.Test/Who";

/// Answers each call with the name of the worker that serves it.
class NamingServer {
 public:
  explicit NamingServer(ServerOptions options) {
    options.max_instances = std::max(options.max_instances, options.workers);
    options.log = [](LogLevel, std::string_view, std::string_view) {};
    server_ = std::move(Server::create(options)).value();
    const auto name = [](rpc::Call&, std::span<const std::byte>, std::vector<std::byte>& response) {
      std::array<char, 16> text{};
      pthread_getname_np(pthread_self(), text.data(), text.size());
      for (const char letter : std::string_view(text.data())) response.push_back(static_cast<std::byte>(letter));
      return rpc::Status();
    };
    EXPECT_TRUE(server_->add_unary_method(who, name).ok());
    const std::string address = std::move(server_->listen("127.0.0.1:0")).value();
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    EXPECT_TRUE(server_->start().ok());
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] bool eventually_open(std::uint64_t connections) const {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (server_->counters().connections_open != connections) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
  }

 private:
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

using Clients = std::vector<std::unique_ptr<http2::Client>>;

/// How many of the clients each worker serves.
std::map<std::string, int> served_by(Clients& clients) {
  std::map<std::string, int> counts;
  for (const auto& client : clients) {
    const auto messages = client->call(who, "").messages();
    if (!messages.empty()) ++counts[messages[0]];
  }
  return counts;
}

ServerOptions of(unsigned workers, std::size_t max_connections) {
  ServerOptions options;
  options.workers = workers;
  options.clients.max_connections = max_connections;
  return options;
}

TEST(ConnectionsTest, SixtyFourOfThemLeaveNoneOfSixtyFourWorkersIdle) {
  NamingServer server(of(64, 0));
  std::minstd_rand random(1);
  Clients clients;
  for (int round = 0; round < 4; ++round) {
    while (clients.size() < 64) clients.push_back(std::make_unique<http2::Client>(server.port()));
    const auto counts = served_by(clients);
    EXPECT_EQ(counts.size(), 64U) << "in round " << round;
    for (const auto& [worker, connections] : counts) EXPECT_EQ(connections, 1) << worker;
    // Some close in between.
    std::erase_if(clients, [&](const auto&) { return random() % 3 == 0; });
    ASSERT_TRUE(server.eventually_open(clients.size()));
  }
}

TEST(ConnectionsTest, AreLimitedForAllWorkersTogether) {
  NamingServer server(of(4, 6));
  Clients clients;
  for (int i = 0; i < 6; ++i) clients.push_back(std::make_unique<http2::Client>(server.port()));
  EXPECT_EQ(served_by(clients).size(), 4U);
  http2::Client one_more(server.port());
  EXPECT_FALSE(one_more.run_until([] { return false; }));
  EXPECT_TRUE(one_more.connection_ended());
  EXPECT_EQ(server.server().counters().connections_refused, 1U);
  EXPECT_EQ(server.server().counters().connections_open, 6U);
  clients.pop_back();
  ASSERT_TRUE(server.eventually_open(5));
  clients.push_back(std::make_unique<http2::Client>(server.port()));
  EXPECT_EQ(clients.back()->call(who, "").status(), 0);
}

TEST(ConnectionsTest, MayBeOneAndNoMore) {
  NamingServer server(of(4, 1));
  Clients clients;
  clients.push_back(std::make_unique<http2::Client>(server.port()));
  EXPECT_EQ(served_by(clients).size(), 1U);
  http2::Client one_more(server.port());
  EXPECT_FALSE(one_more.run_until([] { return false; }));
}

TEST(ConnectionsTest, ThatHaveSaidSomethingBeforeAStopAreAnswered) {
  for (int round = 0; round < 10; ++round) {
    NamingServer server(of(3, 0));
    Clients clients;
    for (int i = 0; i < 6; ++i) {
      clients.push_back(std::make_unique<http2::Client>(server.port()));
      clients.back()->send(clients.back()->open(who), "", true);
      clients.back()->write();
    }
    server.server().stop();  // some are not accepted yet, some are on their way to their worker
    for (const auto& client : clients) {
      EXPECT_TRUE(client->run_until_closed(1)) << "in round " << round;
      EXPECT_EQ(client->reply(1).status(), 0);
    }
    clients.clear();
    server.server().wait();
  }
}

}  // namespace
}  // namespace wasm_grpc::runtime
