// The state of an actor, which survives it: in the key-value store, and changed under its version, so that of two
// processes that both believe they have the actor only one changes it. docs/actors.md.
//
//   ActorState<Account> account{"account/", "account-id"};  // of the instance
//
//   Task<Result<Balance>> Deposit(Context& context, const Amount& amount) override {
//     std::int64_t after = 0;
//     const Status done = co_await account.update(context, [&](Account& state) {
//       after = state.balance += amount.cents;
//       return Status::ok();
//     });
//     if (!done.is_ok()) co_return done;
//     co_return Balance{.cents = after};
//   }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/kv.h"
#include "wasm_grpc/guest/kv_async.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/task.h"
#include "wasm_grpc/guest/wait.h"

namespace wasm_grpc::guest {

/// One for each instance, which is placed by a request header (Registry::place_by_header()). `State` is a message of
/// generated code; one that was never written is as it is made. The state is read before the first change, and kept.
///
/// Changes come one after the other. One that was answered with OK is in the store. With ABORTED it was not made, since
/// another process has changed the state: what this one knew is dropped, and read again by the next call, so that its
/// client may try again. With UNAVAILABLE it is made, or not, or will be soon.
template <typename State>
class ActorState {
 public:
  /// The pair has the key `prefix` and what the request header `header` says.
  ActorState(std::string prefix, std::string header) : prefix_(std::move(prefix)), header_(std::move(header)) {}
  ActorState(const ActorState&) = delete;
  ActorState& operator=(const ActorState&) = delete;

  /// Changes it: `change` is a function `Status (State&)`, which does not wait, and with another status than OK leaves
  /// everything as it was. It is given a copy, and runs when all changes before it are written.
  template <typename Change>
  [[nodiscard]] Task<Status> update(Context& context, Change change) {
    while (busy_) co_await free_.wait();
    const Busy busy(*this);
    if (!name_it(context)) co_return Status::invalid_argument("the request header " + header_ + " is missing");
    if (!loaded_) {
      const kv::FindResult found = co_await kv::find(context, key_);
      if (Status loaded = take(found); !loaded.is_ok()) co_return loaded;
    }
    State next = state_;
    if (Status changed = change(next); !changed.is_ok()) co_return changed;
    const std::string bytes = encode(next);
    const kv::SetOptions options{.if_version = version_};
    loaded_ = false;  // until it is known how that went, also when the call ends meanwhile
    const kv::SetResult written = co_await kv::set(context, key_, bytes, options);
    co_return end(written, std::move(next));
  }

  /// Looks at it as it is in the store, whoever has written it: `look` is a function `Status (const State&)`.
  template <typename Look>
  [[nodiscard]] Task<Status> read(Context& context, Look look) {
    if (!name_it(context)) co_return Status::invalid_argument("the request header " + header_ + " is missing");
    const kv::FindResult found = co_await kv::find(context, key_);
    if (loaded_ && found.outcome == kv::Outcome::ok && found.found.version == version_) co_return look(state_);
    State state;
    if (Status read = decode_found(found, state); !read.is_ok()) co_return read;
    co_return look(state);
  }

  /// update() where there is no call, in an alarm or at the end: the instance waits. ABORTED while a call changes it,
  /// and before the first call, which says whose state it is.
  template <typename Change>
  [[nodiscard]] Status update_now(Change change) {
    if (busy_ || key_.empty()) return Status::aborted("a call changes the state just now");
    const Busy busy(*this);
    if (!loaded_) {
      if (Status loaded = take(kv::find(key_)); !loaded.is_ok()) return loaded;
    }
    State next = state_;
    if (Status changed = change(next); !changed.is_ok()) return changed;
    loaded_ = false;
    const kv::SetResult written = kv::set(key_, encode(next), {.if_version = version_});
    return end(written, std::move(next));
  }

  /// Its key in the store; empty before the first call.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

 private:
  /// Nobody else changes it, for as long as this lives.
  class Busy {
   public:
    explicit Busy(ActorState& state) : state_(state) { state_.busy_ = true; }
    ~Busy() {
      state_.busy_ = false;
      state_.free_.notify_one();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    ActorState& state_;
  };

  [[nodiscard]] bool name_it(const Context& context) {
    if (!key_.empty()) return true;
    const auto name = context.metadata(header_);
    if (!name) return false;
    key_ = prefix_;
    key_.append(*name);
    return true;
  }
  [[nodiscard]] static Status decode_found(const kv::FindResult& found, State& state) {
    switch (found.outcome) {
      case kv::Outcome::absent:
        return Status::ok();
      case kv::Outcome::ok:
        if (decode(Bytes(found.found.value), state)) return Status::ok();
        return Status::data_loss("what is stored is no state of this service");
      case kv::Outcome::unavailable:
        return Status::unavailable("the store does not answer");
      default:
        return Status::internal("the state cannot be read from the store");
    }
  }
  [[nodiscard]] Status take(const kv::FindResult& found) {
    state_ = State();
    Status status = decode_found(found, state_);
    loaded_ = status.is_ok();
    version_ = found.found.version;  // 0 where there is none: then nobody else may have made one
    return status;
  }
  [[nodiscard]] Status end(const kv::SetResult& written, State next) {
    switch (written.outcome) {
      case kv::Outcome::ok:
        state_ = std::move(next);
        version_ = written.version;
        loaded_ = true;
        return Status::ok();
      case kv::Outcome::conflict:
        return Status::aborted("another process has changed the state; try again");
      case kv::Outcome::unavailable:
        return Status::unavailable("the store does not answer: the change is made or not");
      case kv::Outcome::full:
      case kv::Outcome::too_large:
        return Status::resource_exhausted("there is no room for the state in the store");
      default:
        return Status::internal("the state cannot be written to the store");
    }
  }

  const std::string prefix_;
  const std::string header_;
  std::string key_;
  State state_;
  std::uint64_t version_ = 0;
  bool loaded_ = false;
  bool busy_ = false;
  Condition free_;
};

}  // namespace wasm_grpc::guest
