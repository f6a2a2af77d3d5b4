// Somebody to export to.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/server.h"

namespace wasm_grpc::observe::otlp {

/// A collector that answers what the test says.
class FakeCollector {
 public:
  /// `path`: the method that it has.
  explicit FakeCollector(std::string_view path) : server_(std::move(Server::create(small())).value()) {
    EXPECT_TRUE(server_
                    ->add_unary_method(path,
                                       [this](rpc::Call&, auto request, auto& response) {
                                         ++requests;
                                         const std::lock_guard lock(mutex_);
                                         last_.assign(reinterpret_cast<const char*>(request.data()), request.size());
                                         for (const char c : answer_) response.push_back(static_cast<std::byte>(c));
                                         return status_;
                                       })
                    .ok());
    address = server_->listen("127.0.0.1:0").value();
    EXPECT_TRUE(server_->start().ok());
  }

  void answers(rpc::Status status, std::string answer = {}) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    answer_ = std::move(answer);
  }
  [[nodiscard]] std::string last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  std::string address;
  std::atomic<int> requests = 0;

 private:
  static ServerOptions small() {
    ServerOptions options;
    options.workers = 1;
    options.reflection = false;
    options.health = false;
    return options;
  }

  std::mutex mutex_;
  rpc::Status status_;
  std::string answer_;
  std::string last_;
  std::unique_ptr<Server> server_;
};

}  // namespace wasm_grpc::observe::otlp
