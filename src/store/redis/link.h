// A server of Redis, the thread that asks it, and the stores of modules on it.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/health.h"
#include "store/redis/dialer.h"
#include "store/redis/job.h"
#include "store/redis/listener.h"
#include "store/redis/space.h"
#include "store/redis/wire.h"
#include "store/store.h"
#include "store/trouble.h"
#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/store_options.h"

namespace wasm_grpc::store::redis {

/// One connection, on which commands follow each other without waiting (pipelining), and one thread. One for all
/// workers and not one for each: what all of them ask at a time then goes out in one write and comes back in one read,
/// which is what costs here; and the server does one command at a time anyway. Thread-safe.
class Link final : private WireOwner {
 public:
  /// Blocks until a server was found, or the first attempt has failed. The error is of what will not pass; a server
  /// that is only away is none.
  [[nodiscard]] static Result<std::shared_ptr<Link>> open(const StoreOptions& options, std::size_t max_value, Say say);
  /// Waits a little for what was sent and is still wanted.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// As Store::submit().
  void submit(Job job) noexcept;
  /// Somebody watches keys there. On any thread.
  void listen_to(std::shared_ptr<Space> space);
  /// Whether it is there. One that is back within half a second was not away.
  [[nodiscard]] Health& health() noexcept { return health_; }
  [[nodiscard]] const StoreOptions& options() const noexcept { return options_; }
  /// The largest value that it can read.
  [[nodiscard]] std::size_t max_value() const noexcept { return max_value_; }

 private:
  using Clock = std::chrono::steady_clock;

  Link(const StoreOptions& options, std::size_t max_value, Say say);

  // On its thread.
  void run();
  void take_submitted();
  void dial();
  void dialed(std::optional<Dialed> dialed, const NoServer& why);
  void lost(const std::string& why);
  void send_waiting();
  void send(Job job);
  /// By one command, and empties it.
  void send_together(std::vector<Job>& jobs);
  /// True when the server is to be left.
  [[nodiscard]] bool take(Job job, Reply reply, std::string& trouble);
  void end(Job& job, Answer answer, Clock::time_point now, Wakes& wakes);
  void end(Job& job, Answer answer);
  void end_sent();
  void note(const Job::Taken& taken);
  void fail_waiting();
  void watch();
  void stop_when_done();
  void replied(Reply reply) override;
  void caught_up() override;
  void ended(const std::string& why) override { lost(why); }

  const StoreOptions options_;
  const std::size_t max_value_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};

  std::mutex mutex_;
  std::vector<Job> submitted_;
  std::vector<Job> taken_;  // of the thread: empty, and has room

  Health health_;
  std::promise<NoServer> first_;
  bool first_told_ = false;

  Trouble trouble_;   // that it is away
  Trouble refusals_;  // what the server says instead of answers
  Clock::time_point refused_at_{};
  Digests digests_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<Wire> wire_;
  std::deque<Job> waiting_;
  struct Sent {
    std::optional<Job> job;    // nothing: to see whether the server is there
    std::size_t together = 1;  // of the first of several that one reply answers: how many
  };
  std::deque<Sent> sent_;         // in the order of their replies
  Wakes wakes_;                   // of those whose replies have come, until all that have come were read
  Clock::time_point asked_at_{};  // when the first of those in sent_ came, while none was there
  Clock::time_point lost_at_;
  bool away_ = false;  // what comes is not kept waiting
  std::chrono::milliseconds backoff_;
  asio::steady_timer retry_{io_};
  asio::steady_timer watch_{io_};
  Listener listener_;
  Clock::time_point stop_at_ = Clock::time_point::max();
  std::minstd_rand random_{std::random_device()()};
  std::thread thread_;
};

/// The store of one module: the keys that begin with its name, which the meter has.
class SpaceStore final : public Store {
 public:
  /// Of a server of its own. Blocks, as Link::open().
  [[nodiscard]] static Result<std::shared_ptr<SpaceStore>> open(const ModuleOptions& module, Say say);
  SpaceStore(std::shared_ptr<Link> link, const std::shared_ptr<Meter>& meter, const SharedStateLimits& limits);

  void submit(std::unique_ptr<Request> request) noexcept override;
  /// The names of all counters of the module. Blocks.
  [[nodiscard]] Result<std::vector<std::string>> counters();

 private:
  const std::shared_ptr<Link> link_;
  const std::shared_ptr<Space> space_;
};

}  // namespace wasm_grpc::store::redis
