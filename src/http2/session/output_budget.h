// What answers may take that their clients have not read, in all of a process.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace wasm_grpc::http2 {

/// Connections say what they hold; when that is too much, the one that holds most, on whichever worker, is ended. A
/// client may pause as long as it likes while there is room. Thread-safe but for join().
class OutputBudget {
 public:
  /// A worker. All functions but `post` are called on its thread.
  struct Member {
    /// Runs a function on the worker's thread; from any.
    std::function<void(std::function<void()>)> post;
    /// What the connection holds that holds most, in bytes, once it has sent what can be sent.
    std::function<std::size_t()> largest;
    /// Ends that connection. What it holds does not count from then on.
    std::function<void()> end_largest;
  };

  /// `most` bytes in all; one connection may hold half of it.
  explicit OutputBudget(std::size_t most) noexcept : most_(most) {}
  OutputBudget(const OutputBudget&) = delete;
  OutputBudget& operator=(const OutputBudget&) = delete;

  /// Before the first connection.
  void join(Member member) { members_.push_back(std::move(member)); }

  /// What a connection holds has become another.
  void change(std::size_t before, std::size_t after) noexcept {
    held_.fetch_add(after - before, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_short() const noexcept { return held_.load(std::memory_order_relaxed) > most_; }
  /// Whether a connection that holds so much, the most of all, cannot stay.
  [[nodiscard]] bool is_too_much(std::size_t largest) const noexcept {
    return largest > most_ / 2 || (largest > 0 && is_short());
  }
  [[nodiscard]] std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

  /// Has those connections ended, one after the other, that cannot stay. Returns at once: an answer that its client is
  /// about to read may leave before anybody looks.
  void make_room() noexcept;

 private:
  void ask();
  void choose();

  const std::size_t most_;
  std::atomic<std::size_t> held_{0};
  std::vector<Member> members_;
  std::atomic<bool> making_room_{false};
  // While room is made: what members have found, and how many are still to answer.
  std::vector<std::size_t> largest_;
  std::atomic<std::size_t> asked_{0};
};

}  // namespace wasm_grpc::http2
