#include "cli/printer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <utility>

namespace wasm_grpc::cli {

namespace {

constexpr std::size_t most_waiting = std::size_t{16} << 20;

void write_whole(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(STDOUT_FILENO, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      pollfd writable{STDOUT_FILENO, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return;  // its reader is gone, or its disk is full
    }
  }
}

}  // namespace

struct Printer::State {
  std::mutex mutex;
  std::condition_variable came;
  std::condition_variable printed;
  std::string text;
  bool writing = false;
  bool ending = false;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      came.wait(lock, [this] { return !text.empty() || ending; });
      if (text.empty()) return;
      const std::string taken = std::exchange(text, {});
      writing = true;
      lock.unlock();
      write_whole(taken);
      lock.lock();
      writing = false;
      printed.notify_all();
    }
  }
  [[nodiscard]] bool wait_until_printed(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds timeout) {
    return printed.wait_for(lock, timeout, [this] { return text.empty() && !writing; });
  }
};

Printer::Printer() : state_(std::make_shared<State>()), thread_([state = state_] { state->run(); }) {}

Printer::~Printer() {
  std::unique_lock lock(state_->mutex);
  const bool printed = state_->wait_until_printed(lock, std::chrono::seconds(1));
  state_->ending = true;
  state_->came.notify_one();
  lock.unlock();
  printed ? thread_.join() : thread_.detach();
}

void Printer::print(std::string text) {
  const std::lock_guard lock(state_->mutex);
  if (state_->text.size() + text.size() <= most_waiting) state_->text += text;
  state_->came.notify_one();
}

void Printer::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  static_cast<void>(state_->wait_until_printed(lock, timeout));
}

}  // namespace wasm_grpc::cli
