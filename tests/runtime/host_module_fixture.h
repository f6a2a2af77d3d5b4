// Guests that import functions of an embedder's host module, which answer when the test says so.
#pragma once

#include <atomic>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtime/guest_fixture.h"
#include "wasm_grpc/host_module.h"

namespace wasm_grpc::runtime {

/// guest_text() that imports these of "host" too, each without parameters and with an i32.
inline std::string importing(std::initializer_list<std::string_view> names, std::string text) {
  for (const std::string_view name : names) {
    text.insert(text.find("(module") + 7,
                R"( (import "host" ")" + std::string(name) + "\" (func $" + std::string(name) + " (result i32)))");
  }
  return text;
}

/// Answers the guests that call host.ask() when the test says so.
class Promises {
 public:
  ~Promises() { forget_all(); }
  [[nodiscard]] HostModule module() {
    HostModule module("host");
    module.function("ask", [this](Completion<std::int32_t> done) {
      const std::lock_guard lock(mutex_);
      promises_.push_back(done);
    });
    return module;
  }
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex_);
    return promises_.size();
  }
  /// Takes the first. Only when there is one.
  [[nodiscard]] Completion<std::int32_t> take() {
    const std::lock_guard lock(mutex_);
    Completion<std::int32_t> first = promises_.front();
    promises_.erase(promises_.begin());
    return first;
  }
  void forget_all() {
    const std::lock_guard lock(mutex_);
    promises_.clear();
  }
  [[nodiscard]] bool eventually(std::size_t wanted) {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (count() < wanted) {
      if (rpc::Clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Completion<std::int32_t>> promises_;
};

struct HostModuleTest : GuestTest {
  explicit HostModuleTest(const GuestLimits& guest_limits = {}) : GuestTest(guest_limits) {
    host_waits.open([this] { woken = true; });
    EXPECT_TRUE(linker.define(promises.module()).ok());
  }
  /// Goes on until there is nothing to do, results that have come included.
  void run_all() {
    do {
      if (woken.exchange(false)) host_waits.deliver();
      run();
    } while (woken);
  }

  Promises promises;
  std::atomic<bool> woken = false;
};

}  // namespace wasm_grpc::runtime
