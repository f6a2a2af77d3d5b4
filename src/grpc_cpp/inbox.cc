#include "grpc_cpp/inbox.h"

#include <utility>

namespace wasm_grpc::grpcpp {

Inbox::Inbox(Server& server, std::size_t worker) : server_(server), worker_(worker) {
  mailbox_.open([this] { server_.post(worker_, [this] { deliver(); }); });
}

bool Inbox::admit() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  ++open_;
  return true;
}

void Inbox::post(Call& call, Call::Event event) { static_cast<void>(mailbox_.post({&call, event})); }

void Inbox::deliver() {
  delivering_ = true;
  for (const Letter& letter : mailbox_.take()) letter.call->take(letter.event);
  delivering_ = false;
  flush();
}

void Inbox::mark_dirty(Call& call) noexcept {
  dirty_.push_back(&call);
  if (delivering_ || flush_posted_) return;
  // Not at once: handlers say it from inside a guest, on its fiber and its stack.
  flush_posted_ = true;
  server_.post(worker_, [this] {
    flush_posted_ = false;
    flush();
  });
}

void Inbox::flush() {
  for (Call* call : std::exchange(dirty_, {})) call->flush();
}

void Inbox::done(Call& call) noexcept {
  calls_.erase(&call);
  // Inside the lock: shut_down() may return, and the inbox go, as soon as it is let go.
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) ended_.notify_all();
}

void Inbox::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  server_.post(worker_, [this] {
    shutting_down_ = true;
    const std::vector<Call*> calls(calls_.begin(), calls_.end());
    for (Call* call : calls) call->shut_down();
  });
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return open_ == 0; });
}

}  // namespace wasm_grpc::grpcpp
