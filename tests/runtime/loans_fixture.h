// Two workers without threads, event loops and connections: messages are delivered and turns run when the test says so.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "abi/guest_fixture.h"
#include "rpc/method_table.h"
#include "runtime/guest_fixture.h"
#include "runtime/sharing/loans.h"

namespace wasm_grpc::runtime {

/// abi::module_text() with a method of that kind, and the functions of guest_text(): $slices, and $tell, which is its
/// $note.
inline std::string shared_guest_text(rpc::MethodKind kind, std::string_view body, std::string_view more = "") {
  const std::string start = "(drop (call $declare (i32.const " + std::to_string(static_cast<int>(kind)) + ")))";
  std::string text = abi::module_text(start, body, std::string(more) + R"(
    (func $slices (param $count i32)
      (loop $again
        (if (i32.gt_s (local.get $count) (i32.const 0)) (then
          (call $tick) (call $tick)
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $again))))))");
  text.insert(text.find("(module") + 7, R"(
    (import "test" "tick" (func $tick))
    (import "test" "note" (func $tell (param i32))))");
  return text;
}

/// A worker that lends, and one that takes and is idle.
struct LoansFixture : GuestTest {
  LoansFixture() : GuestTest({.max_cpu_time = std::chrono::milliseconds(100), .max_response_size = 100'000}) {}

  struct FakeWorker final : LoanMethods {
    FakeWorker(LoanExchange& exchange, unsigned index, std::shared_ptr<const GuestModule> module, rpc::MethodKind kind)
        : instances(std::move(module), PoolContext{budget, timers, hosts, post}),
          handler(calls, instances, 0),
          sharing(exchange, index, *this, std::size_t{4} << 20) {
      EXPECT_TRUE(methods.add({"/test.Service/Method", kind, &handler}).ok());
      calls.share(sharing);
      sharing.open([this] { has_letters = true; });
    }
    ~FakeWorker() { stop(); }
    [[nodiscard]] const rpc::Method* find(const GuestModule&, std::string_view path,
                                          bool is_http) const noexcept override {
      return is_http ? methods.find_http(path) : methods.find(path);
    }
    void stop() {
      calls.abandon_all();
      sharing.close();
    }
    void deliver() {
      has_letters = false;
      sharing.deliver();
    }
    /// True when there is more to do.
    bool turn() {
      deliver();
      for (const auto& function : std::exchange(posted, {})) function();
      const auto now = rpc::Clock::now();
      timers.run_due(now);
      clock.begin_turn(now);
      scheduler.run_turn();
      sharing.flush();
      return has_letters || !posted.empty() || !scheduler.empty();
    }

    rpc::TimerQueue timers;
    Scheduler scheduler{[] {}};
    HostWaits host_waits;
    GuestClock clock;
    ClientHosts hosts;
    std::vector<std::function<void()>> posted;
    const InstanceClaim::Post post = [this](std::function<void()> function) { posted.push_back(std::move(function)); };
    InstanceBudget budget{4};
    InstancePool instances;
    rpc::MethodTable methods;
    GuestCalls calls{GuestContext{scheduler, timers, host_waits, clock}};
    GuestHandler handler;
    Loans sharing;
    bool has_letters = false;
  };

  /// Something else to do.
  struct Filler final : Task {
    void run() noexcept override {}
  };

  void make_workers(rpc::MethodKind kind, std::string_view body, std::string_view more = "",
                    const InstanceLife& life = no_warm_instances()) {
    make_workers_of(kind, shared_guest_text(kind, body, more), life);
  }
  void make_workers_of(rpc::MethodKind kind, std::string_view text, const InstanceLife& life = no_warm_instances()) {
    module = load(text, "guest", life);
    notes.clear();
    for (int i = 0; i < 100; ++i) cost.add_sample(std::chrono::milliseconds(1));
    lender = std::make_unique<FakeWorker>(exchange, 0, module, kind);
    taker = std::make_unique<FakeWorker>(exchange, 1, module, kind);
    taker->sharing.idle();
  }
  /// Begins a call of a method that is known to take long, with something else behind it.
  void begin_long_call(TestCall& call) {
    lender->calls.serve(call, lender->instances, 0, cost);
    lender->scheduler.ready(filler);
  }
  void run_both() {
    for (bool more = true; more;) {
      more = lender->turn();
      if (taker != nullptr) more = taker->turn() || more;
      more = more || lender->has_letters;
    }
  }
  [[nodiscard]] std::uint64_t calls_lent() { return exchange.desk(0).calls_lent; }
  [[nodiscard]] std::uint64_t guests_lent() { return exchange.desk(0).guests_lent; }

  LoanExchange exchange{2};
  std::shared_ptr<const GuestModule> module;
  MethodCost cost;
  Filler filler;
  std::unique_ptr<FakeWorker> lender;
  std::unique_ptr<FakeWorker> taker;
};

}  // namespace wasm_grpc::runtime
