// Builds a project again whenever one of its sources changes.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <thread>

#include "cli/dev_project.h"
#include "cli/file_watch.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// What builds print, and how they went, goes to standard error.
class Builder {
 public:
  /// The error says what cannot be watched.
  [[nodiscard]] static Result<std::unique_ptr<Builder>> create(DevProject project);
  /// Ends a build that is under way.
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  /// Builds, here; and again at each change, until it goes well and there is a module.
  void build_first();
  /// From now on on a thread of its own. Once, with signals kept from the calling thread.
  void start();

 private:
  Builder(DevProject project, std::unique_ptr<FileWatch> watch)
      : project_(std::move(project)), watch_(std::move(watch)) {}
  /// False when it failed. `own_group`: signals for this program are not for it, and stopping this ends it.
  [[nodiscard]] bool build(bool own_group);

  const DevProject project_;
  std::unique_ptr<FileWatch> watch_;
  std::mutex mutex_;
  pid_t running_ = 0;  // of mutex_: the group of the build; 0: none that is to be ended
  bool ends_ = false;  // of mutex_
  std::thread thread_;
};

}  // namespace wasm_grpc::cli
