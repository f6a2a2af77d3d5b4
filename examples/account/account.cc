// account.Accounts (account.proto): actors whose state survives them. docs/actors.md walks through it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "account.guest.h"
#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/actor_state.h"

using namespace wasm_grpc::guest;
using namespace account;

namespace {

constexpr std::int64_t most_cents = 1'000'000'000'000;
constexpr std::uint32_t most_milliseconds = 86'400'000;
constexpr std::size_t most_holds = 100;
// When an alarm could not write, as a call did just then, or another process.
constexpr std::chrono::milliseconds pause(200);

/// Of this instance, which is of one account.
ActorState<State> account_state{"account/", "account-id"};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// How the account stands; what was held and has passed is free.
Balance balance_of(const State& state) {
  std::int64_t held = 0;
  for (const State::Held& hold : state.holds) held += hold.until_ms > now_ms() ? hold.cents : 0;
  return {.cents = state.cents, .free_cents = state.cents - held};
}

void set_alarm_for(const State& state) {
  if (state.holds.empty()) return cancel_alarm();
  const auto first = std::min_element(state.holds.begin(), state.holds.end(),
                                      [](const auto& one, const auto& other) { return one.until_ms < other.until_ms; });
  set_alarm(std::chrono::milliseconds(std::max<std::int64_t>(first->until_ms - now_ms(), 1)));
}

/// Writes down that holds have ended.
void end_holds() {
  const Status done = account_state.update_now([](State& state) {
    const std::int64_t now = now_ms();
    std::erase_if(state.holds, [now](const State::Held& hold) { return hold.until_ms <= now; });
    set_alarm_for(state);
    return Status::ok();
  });
  if (!done.is_ok()) set_alarm(pause);
}

class Clerk : public Accounts::Async {
 public:
  Task<Result<Balance>> Deposit(Context& context, const Amount& amount) override {
    const auto deposit = [&](State& state) {
      if (amount.cents > most_cents - state.cents) return Status::failed_precondition("that is too much");
      state.cents += amount.cents;
      return Status::ok();
    };
    return change(context, amount.cents, deposit);
  }

  Task<Result<Balance>> Withdraw(Context& context, const Amount& amount) override {
    const auto withdraw = [&](State& state) {
      if (balance_of(state).free_cents < amount.cents) return Status::failed_precondition("there is less");
      state.cents -= amount.cents;
      return Status::ok();
    };
    return change(context, amount.cents, withdraw);
  }

  Task<Result<Balance>> Hold(Context& context, const HoldRequest& request) override {
    const auto hold = [&](State& state) {
      if (request.milliseconds > most_milliseconds) return Status::invalid_argument("that is more than a day");
      if (state.holds.size() >= most_holds) return Status::failed_precondition("there are too many");
      if (balance_of(state).free_cents < request.cents) return Status::failed_precondition("there is less");
      state.holds.push_back({.cents = request.cents, .until_ms = now_ms() + request.milliseconds});
      return Status::ok();
    };
    return change(context, request.cents, hold);
  }

  Task<Result<Balance>> Show(Context& context, const ShowRequest&) override {
    Balance balance;
    const auto look = [&](const State& state) {
      balance = balance_of(state);
      return Status::ok();
    };
    const Status read = co_await account_state.read(context, look);
    if (!read.is_ok()) co_return read;
    co_return balance;
  }

 private:
  /// `make` refers to the request, which lives as long as the call does.
  template <typename Make>
  static Task<Result<Balance>> change(Context& context, std::int64_t cents, Make make) {
    if (cents <= 0) co_return Status::invalid_argument("an amount is more than 0");
    State after;
    const auto keep = [&](State& state) {
      const Status made = make(state);
      after = state;
      return made;
    };
    const Status done = co_await account_state.update(context, keep);
    if (!done.is_ok()) co_return done;
    if (!after.holds.empty()) set_alarm_for(after);
    co_return balance_of(after);
  }
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_by_header("account-id");
  registry.serve<Clerk>();
  registry.on_alarm(end_holds);
  // All that was answered is written; what is lost with the instance can be read again.
  registry.on_ending([] { log(LogLevel::info, "gave up " + account_state.key()); });
}
