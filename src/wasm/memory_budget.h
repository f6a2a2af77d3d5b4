// How much memory guests may take together: their linear memories and tables, in bytes.
//
// A server has a budget, and each of its modules one within it: a reserve of its own, which others can not take however
// many they are, and what it takes of the rest. What an instance takes is a reservation of its module's budget: it
// grows as the instance does, and ends with it. Who wants to make an instance reserves first what its start takes;
// where there is no room he waits, and is given the reservation once others have ended. A guest that grows does not
// wait: it is told that it cannot.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace wasm_grpc::wasm {

class KeptRoom;
class MemoryBudget;
class MemoryWaiter;

/// Bytes of a budget, which they go back to when it ends. Belongs to one thread at a time. The budget outlives it.
class MemoryReservation {
 public:
  /// Of nothing.
  MemoryReservation() = default;
  ~MemoryReservation() { clear(); }
  MemoryReservation(MemoryReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// True when it is of a budget, be it of no bytes.
  explicit operator bool() const noexcept { return budget_ != nullptr; }
  /// Takes more. False, and it is as before, when there is no room. Only of a budget.
  [[nodiscard]] bool grow(std::size_t bytes) noexcept;
  /// Gives back all but `bytes`, when it has more.
  void shrink_to(std::size_t bytes) noexcept;
  /// Makes a reservation of some of its bytes, of all when it has fewer.
  [[nodiscard]] MemoryReservation split(std::size_t bytes) noexcept;
  void clear() noexcept;

 private:
  friend class KeptRoom;
  friend class MemoryBudget;
  friend class MemoryWaiter;
  MemoryReservation(MemoryBudget* budget, std::size_t bytes) noexcept : budget_(budget), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Thread-safe, but for what is said to come before. Outlives all reservations, waiters, kept rooms and parts of it.
class MemoryBudget {
 public:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::chrono::seconds between_tellings{10};

  explicit MemoryBudget(std::uint64_t max_bytes = unlimited) noexcept : max_(max_bytes) {}
  /// A part of `whole`, which is part of none; without a reserve. With nullptr it is unlimited.
  explicit MemoryBudget(MemoryBudget* whole) noexcept : whole_(whole) {}
  ~MemoryBudget() { set_reserve(0); }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// What a part has of the whole, whether it takes it or not. False, and it has what it had, when there is no room for
  /// it in the whole. By one thread at a time, while others use the budget.
  bool set_reserve(std::uint64_t bytes) noexcept;

  // ---- Before it is used by several threads ----

  /// Calls `tell` when guests are refused memory or instances wait for it, at most once in `between_tellings`, on the
  /// thread where that happens, in the midst of a guest.
  void on_shortage(std::function<void()> tell) { tell_ = std::move(tell); }

  // ---- At any time ----

  /// What there is for it and the other parts together.
  [[nodiscard]] std::uint64_t max() const noexcept { return root().max_; }
  /// What is reserved, kept rooms included; of a whole, with what is left of the reserves of its parts.
  [[nodiscard]] std::uint64_t used() const noexcept { return bytes_of(used_); }

  /// Fills an empty reservation with so many bytes, which may be 0. False when there is no room.
  [[nodiscard]] bool try_reserve(std::size_t bytes, MemoryReservation& reservation) noexcept;
  /// True when someone waits to whom it would help if some of this budget were given back.
  [[nodiscard]] bool wanted() const noexcept {
    return waiting_ != 0 || (whole_ != nullptr && whole_->waiting_ != 0 && beyond_reserve(used_));
  }

  /// Counts a growth for which there was no room.
  void count_refused_growth() noexcept;
  /// Counts an instance that was not made for want of room.
  void count_delayed_instance() noexcept;
  [[nodiscard]] std::uint64_t refused_growths() const noexcept { return refused_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t delayed_instances() const noexcept { return delayed_.load(std::memory_order_relaxed); }

 private:
  friend class KeptRoom;
  friend class MemoryReservation;
  friend class MemoryWaiter;

  [[nodiscard]] MemoryBudget& root() noexcept { return whole_ == nullptr ? *this : *whole_; }
  [[nodiscard]] const MemoryBudget& root() const noexcept { return whole_ == nullptr ? *this : *whole_; }
  // Of a part, `used_` says in its upper bits how often the reserve was set: who has counted with one that holds no
  // more, counts again.
  static constexpr unsigned bits_of_bytes = 48;
  static constexpr std::uint64_t most_of_part = (std::uint64_t{1} << bits_of_bytes) - 1;
  [[nodiscard]] std::uint64_t bytes_of(std::uint64_t used) const noexcept {
    return whole_ == nullptr ? used : used & most_of_part;
  }
  [[nodiscard]] std::uint64_t reserve_at(std::uint64_t used) const noexcept {
    return reserves_[(used >> bits_of_bytes) & 1].load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool beyond_reserve(std::uint64_t used) const noexcept { return bytes_of(used) > reserve_at(used); }
  [[nodiscard]] bool add(std::uint64_t bytes) noexcept;
  [[nodiscard]] bool add_with_whole(std::size_t bytes) noexcept;
  /// As add_with_whole(), at the cost of rooms that are kept.
  [[nodiscard]] bool take_kept(std::size_t bytes) noexcept;
  /// Returns by how much less of the whole is used.
  std::uint64_t subtract(std::size_t bytes) noexcept;
  void give_back(std::size_t bytes) noexcept;
  void serve_waiters_if_any() noexcept;
  void tell() noexcept;
  // Of a root, with its lock:
  void serve_waiters() noexcept;
  void collect_kept_rooms() noexcept;
  void ask_all() noexcept;

  const std::uint64_t max_ = unlimited;
  MemoryBudget* const whole_ = nullptr;
  std::array<std::atomic<std::uint64_t>, 2> reserves_{};  // of a part: the one that holds, and the one before or after
  std::function<void()> tell_;

  // What all workers write is apart from what they read.
  alignas(64) std::atomic<std::uint64_t> used_ = 0;
  std::atomic<std::chrono::steady_clock::rep> tell_after_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> delayed_ = 0;
  alignas(64) std::atomic<std::uint32_t> waiting_ = 0;  // for room in it or in a part of it
  std::atomic<std::chrono::steady_clock::rep> collect_after_ = 0;
  // Of a root:
  std::mutex mutex_;
  std::vector<MemoryWaiter*> all_waiters_;
  MemoryWaiter* first_ = nullptr;  // of those that wait
  MemoryWaiter* last_ = nullptr;
  std::vector<KeptRoom*> kept_rooms_;
};

/// Someone who makes instances, waits for room for them, and makes room for others. Used on one thread, but for `told`.
class MemoryWaiter {
 public:
  /// `told` is called on any thread when take() has something, and when others wait, so that MemoryBudget::wanted() is
  /// to be looked at; then not again until heard() was called. It is called inside a lock: it must not call the budget.
  MemoryWaiter(MemoryBudget& budget, std::function<void()> told);
  ~MemoryWaiter();
  MemoryWaiter(const MemoryWaiter&) = delete;
  MemoryWaiter& operator=(const MemoryWaiter&) = delete;

  /// What `told` asked for is looked at now.
  void heard() noexcept { asked_ = false; }
  /// Since wait(), until take() gave something or cancel().
  [[nodiscard]] bool waits() const noexcept { return waits_; }
  /// Waits for so many bytes, unless it waits already. All that wait are looked at
  /// in their order, and those are given room for whom there is enough: who wants much is passed by, and holds up
  /// nobody.
  void wait(std::size_t bytes) noexcept;
  /// Takes what it was given, into an empty reservation. False when there was no room yet.
  [[nodiscard]] bool take(MemoryReservation& reservation) noexcept;
  /// Waits no longer, and gives back what it has not taken.
  void cancel() noexcept;

 private:
  friend class MemoryBudget;
  void unlink() noexcept;  // with the root's lock
  void tell() noexcept {
    if (!asked_.exchange(true)) told_();
  }

  MemoryBudget& budget_;
  std::function<void()> told_;
  std::atomic<bool> asked_ = false;
  bool waits_ = false;
  // With the root's lock:
  std::size_t bytes_ = 0;
  bool queued_ = false;
  bool given_ = false;  // `bytes_`, which were not taken yet
  MemoryWaiter* previous_ = nullptr;
  MemoryWaiter* next_ = nullptr;
};

/// Room that an ended instance leaves to the next on the same worker, so that instances that come and go by the hundred
/// thousand write nothing that workers share. Whoever finds no room takes it away. Used on one thread.
class KeptRoom {
 public:
  /// For instances whose start takes so many bytes.
  KeptRoom(MemoryBudget& budget, std::size_t bytes);
  ~KeptRoom();
  KeptRoom(const KeptRoom&) = delete;
  KeptRoom& operator=(const KeptRoom&) = delete;

  /// What is kept, or a new reservation: into an empty one. False when there is no room.
  [[nodiscard]] bool take(MemoryReservation& reservation) noexcept;
  /// Keeps it, unless it is full, `reservation` is of other bytes, or others wait for room.
  void keep(MemoryReservation reservation) noexcept;

 private:
  friend class MemoryBudget;

  MemoryBudget& budget_;
  std::size_t bytes_;
  std::atomic<bool> full_ = false;
};

}  // namespace wasm_grpc::wasm
