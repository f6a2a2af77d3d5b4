// Guests that wait for the result of a host function, which comes from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/mailbox.h"
#include "wasm/instance.h"
#include "wasm_grpc/completion.h"

namespace wasm_grpc::runtime {

class HostWaits;

/// Someone who runs a guest that waits.
class HostWaiter {
 public:
  HostWaiter(const HostWaiter&) = delete;
  HostWaiter& operator=(const HostWaiter&) = delete;

  /// The result is there: the guest can go on. Or what it has subscribed to has happened.
  virtual void on_host_result() noexcept = 0;

 protected:
  HostWaiter() = default;
  virtual ~HostWaiter() = default;

 private:
  friend class HostWaits;
  std::uint64_t token_ = 0;                         // 0: it does not wait
  std::shared_ptr<detail::PendingResult> pending_;  // nullptr: it has subscribed
};

/// Those of one worker. Used on its thread; results may come at any time, on any thread, also after its end.
class HostWaits {
 public:
  HostWaits() : mail_(std::make_shared<Mail>()) {}
  ~HostWaits() { close(); }
  HostWaits(const HostWaits&) = delete;
  HostWaits& operator=(const HostWaits&) = delete;

  /// From here on `wake` is called, on any thread, when deliver() has something to do.
  void open(std::function<void()> wake) { mail_->box.open(std::move(wake)); }
  /// Nobody is told any more.
  void close() noexcept { static_cast<void>(mail_->box.close()); }

  /// The waiter is told once the result is there for which its guest is suspended, unless remove() comes first. False,
  /// and nothing is noted, when it is there already. Nothing happens when the guest waits for something else.
  [[nodiscard]] bool add(HostWaiter& waiter, const wasm::Suspension& suspension);
  /// The waiter is told each time when this is woken with this token, on any thread, until remove().
  [[nodiscard]] std::pair<std::shared_ptr<detail::ResultWaker>, std::uint64_t> subscribe(HostWaiter& waiter);
  void remove(HostWaiter& waiter) noexcept;
  /// Tells those whose results have come.
  void deliver() noexcept;

 private:
  struct Mail final : detail::ResultWaker {
    [[nodiscard]] bool note(std::uint64_t token) noexcept override { return box.add(std::uint64_t{token}); }
    void wake_up() noexcept override { box.wake_up(); }
    Mailbox<std::uint64_t> box;
  };

  /// A token is a place and how often that was given before, so that one that was given back is known.
  struct Place {
    HostWaiter* waiter = nullptr;  // nullptr: nobody
    std::uint32_t given = 0;
  };
  [[nodiscard]] std::uint64_t take_place(HostWaiter& waiter);
  /// nullptr when it was given back.
  [[nodiscard]] HostWaiter* find(std::uint64_t token) const noexcept;

  std::shared_ptr<Mail> mail_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_places_;
};

/// Blocks this thread until the guest can go on, or `until`.
void wait_here(const wasm::Suspension& suspension, wasm::Clock::time_point until);

}  // namespace wasm_grpc::runtime
