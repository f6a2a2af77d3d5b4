// Where grpc++ and one worker meet.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "grpc_cpp/call.h"
#include "runtime/mailbox.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::grpcpp {

/// The calls of one worker. Outlives them.
class Inbox {
 public:
  Inbox(Server& server, std::size_t worker);
  /// After the worker has ended.
  ~Inbox() { flush(); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // ---- On any thread ----

  [[nodiscard]] const rpc::Method* find_method(std::string_view path) const noexcept {
    return server_.find_method(worker_, path);
  }
  /// A call is to begin, and will be done(). False when the services go away.
  [[nodiscard]] bool admit();
  /// Tells the worker.
  void post(Call& call, Call::Event event);
  /// Ends the calls in progress, and returns when grpc++ has let go of them. No call may begin after it.
  void shut_down();

  // ---- On the worker ----

  /// Has the call flushed soon.
  void mark_dirty(Call& call) noexcept;
  void begun(Call& call) { calls_.insert(&call); }
  /// grpc++ has let go of the call.
  void done(Call& call) noexcept;
  [[nodiscard]] bool shutting_down() const noexcept { return shutting_down_; }
  [[nodiscard]] std::size_t max_message_size() const noexcept { return server_.options().max_message_size; }

 private:
  struct Letter {
    Call* call;
    Call::Event event;
  };
  void deliver();
  void flush();

  Server& server_;
  const std::size_t worker_;
  runtime::Mailbox<Letter> mailbox_;
  std::unordered_set<Call*> calls_;  // those that grpc++ has
  std::vector<Call*> dirty_;
  bool flush_posted_ = false;
  bool delivering_ = false;
  bool shutting_down_ = false;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  std::size_t open_ = 0;  // calls admitted and not done
};

}  // namespace wasm_grpc::grpcpp
