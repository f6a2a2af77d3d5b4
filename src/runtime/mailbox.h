// How one thread hands things to another.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace wasm_grpc::runtime {

/// A queue with many senders and one receiver. A burst of messages wakes the receiver once.
template <typename Message>
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // ---- The receiver ----

  /// Lets messages in. `wake` is called, on the thread of a sender, when there is something to take after there was
  /// nothing; it must not call the mailbox.
  void open(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }
  /// What was posted, in that order.
  [[nodiscard]] std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }
  /// Lets no more in, and gives what is there. After it `wake` is not called any more.
  [[nodiscard]] std::vector<Message> close() noexcept {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    return std::exchange(messages_, {});
  }

  // ---- Senders, on any thread ----

  /// False, and `message` is as before, when the mailbox is closed.
  [[nodiscard]] bool post(Message&& message) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return false;
    messages_.push_back(std::move(message));
    // Inside the lock: the receiver may be gone once close() has returned.
    if (messages_.size() == 1) wake_();
    return true;
  }
  /// Posts without waking anybody: true when wake_up() must follow. A closed one forgets the message.
  [[nodiscard]] bool add(Message&& message) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return false;
    messages_.push_back(std::move(message));
    return messages_.size() == 1;
  }
  void wake_up() {
    const std::lock_guard lock(mutex_);
    if (wake_ && !messages_.empty()) wake_();
  }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Message> messages_;
};

}  // namespace wasm_grpc::runtime
