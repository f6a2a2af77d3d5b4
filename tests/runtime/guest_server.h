// A whole server of one guest, for tests that need its workers, its clock and its network.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "runtime/guest_fixture.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

inline constexpr std::string_view path = "/test.Service/Method";

/// A served guest_text(). Its log goes nowhere unless the options say so. `more`: what it imports beside that.
/// `events`: where its first worker waits, rather than to listen.
class GuestServer {
 public:
  GuestServer(ServerOptions options, std::string_view text, HostModule more = HostModule("more"),
              WorkerEvents* events = nullptr, ModuleOptions module = {}) {
    if (!options.log) options.log = [](LogLevel, std::string_view, std::string_view) {};
    server_ = std::move(Server::create(options)).value();
    HostModule test("test");
    test.function("tick", [] {})
        .function("fails", [] { return std::int32_t{0}; })
        .function("compute", [](std::int32_t) {})
        .function("burn", [](std::int32_t) {})
        .function("note", [](std::int32_t) {});
    EXPECT_TRUE(server_->add_host_module(std::move(test)).ok());
    EXPECT_TRUE(server_->add_host_module(std::move(more)).ok());
    module.name = "guest";
    auto added = server_->add_module(std::as_bytes(std::span(text)), module);
    EXPECT_TRUE(added.ok()) << added.error().message;
    if (events == nullptr) {
      const std::string address = std::move(server_->listen("127.0.0.1:0")).value();
      const std::string digits = address.substr(address.rfind(':') + 1);
      std::from_chars(digits.data(), digits.data() + digits.size(), port_);
    } else {
      EXPECT_TRUE(server_->wait_in(0, *events).ok());
    }
    EXPECT_TRUE(server_->start().ok());
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] ServerCounters counters() const { return server_->counters(); }
  void stop() {
    server_->stop_now();
    server_->wait();
  }
  /// Destroys it as it is.
  void destroy() { server_.reset(); }
  [[nodiscard]] bool eventually(const std::function<bool(const ServerCounters&)>& holds) const {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (!holds(counters())) {
      if (rpc::Clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

 private:
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

inline ServerOptions of_workers(unsigned workers) {
  ServerOptions options;
  options.workers = workers;
  options.max_instances = 8;
  return options;
}

}  // namespace wasm_grpc::runtime
