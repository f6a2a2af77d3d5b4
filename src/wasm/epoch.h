// The clock of time slices: while guests run, ends every guest's slice once a tick, a millisecond by default.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace wasm_grpc::wasm {

class Engine;

/// A thread that ticks the engine while some worker runs guests, and sleeps while none does. Workers mark the time they
/// spend with guests by Activity; that costs two stores to a cache line of the worker's own.
class EpochTicker {
 public:
  /// One worker's mark. Lives at one address; registered with one ticker for its whole life.
  class alignas(64) Activity {
   public:
    explicit Activity(EpochTicker& ticker);
    ~Activity();
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;

    /// Guests are about to run on this thread.
    void enter() noexcept {
      active_.store(true, std::memory_order_seq_cst);
      if (ticker_.asleep_.load(std::memory_order_seq_cst)) ticker_.wake();
    }
    /// They no longer do.
    void leave() noexcept { active_.store(false, std::memory_order_release); }

   private:
    friend class EpochTicker;
    std::atomic<bool> active_ = false;
    EpochTicker& ticker_;
  };

  /// Ticks once in `interval`. The engine outlives the ticker.
  explicit EpochTicker(const Engine& engine, std::chrono::milliseconds interval = std::chrono::milliseconds(1));
  ~EpochTicker();
  EpochTicker(const EpochTicker&) = delete;
  EpochTicker& operator=(const EpochTicker&) = delete;

  /// How often it has ticked: for those who want to know cheaply that a tick has passed. Any thread.
  [[nodiscard]] const std::atomic<std::uint64_t>& ticks() const noexcept { return ticks_; }

 private:
  void run();
  void wake() noexcept;
  [[nodiscard]] bool any_active();

  const Engine& engine_;
  const std::chrono::milliseconds interval_;
  std::atomic<bool> asleep_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Activity*> activities_;
  bool stopping_ = false;
  alignas(64) std::atomic<std::uint64_t> ticks_ = 0;  // read by every worker all the time
  alignas(64) std::thread thread_;
};

}  // namespace wasm_grpc::wasm
