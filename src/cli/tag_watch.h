// Asks registries whether tags mean something else by now.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/module_source.h"
#include "registry/options.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

/// Asks on a thread of its own, which there is once there is a tag to ask for. Each is asked for after its time, and up
/// to a tenth more, so that servers that were started together do not ask together; after failures, and while what a
/// tag means cannot be served, less and less often, but every ten minutes at least, or as often as was wanted.
class TagWatch {
 public:
  /// `changed` is called when a tag means something else, with a line for the log, on that thread. The server
  /// outlives this.
  TagWatch(Server& server, std::function<void(std::string)> changed);
  ~TagWatch() = default;
  TagWatch(const TagWatch&) = delete;
  TagWatch& operator=(const TagWatch&) = delete;

  /// These from now on, which mean what is served now. From any thread.
  void follow(std::vector<FollowedTag> tags, registry::RegistryOptions options);

 private:
  using Clock = std::chrono::steady_clock;
  struct Asked {
    FollowedTag tag;
    Clock::time_point due;
    int delays = 0;          // how often in a row it was to be asked later than its time
    bool is_silent = false;  // the registry did not answer
  };

  void run(const std::stop_token& stop);
  /// Asks for one, and says when it is due again; without the lock.
  void ask(Asked& one, const registry::RegistryOptions& options, const std::stop_token& stop);
  [[nodiscard]] Clock::duration delay_of(const Asked& one);

  Server& server_;
  const std::function<void(std::string)> changed_;
  std::minstd_rand random_;  // of the thread
  std::mutex mutex_;
  std::condition_variable_any told_;
  std::optional<std::pair<std::vector<FollowedTag>, registry::RegistryOptions>> next_;  // of mutex_
  std::jthread thread_;                                                                 // the last: it uses the others
};

}  // namespace wasm_grpc::cli
