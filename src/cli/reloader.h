// Reads the modules of a running server anew, when a signal or a changed file asks for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cli/file_watch.h"
#include "cli/module_source.h"
#include "cli/service_manager.h"
#include "cli/tag_watch.h"
#include "wasm_grpc/listen_options.h"
#include "wasm_grpc/live_options.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

/// What is to be served.
struct Served {
  std::vector<ModuleSource> modules;
  std::vector<std::string> files;  // which all that comes from
  // And registries: the tags that are asked for again, how, and what is to be told of it, a line for the log each.
  std::vector<FollowedTag> tags;
  registry::RegistryOptions registries;
  std::vector<std::string> warnings;
  /// What holds for the server, and for each of its addresses.
  LiveOptions options;
  std::vector<ListenOptions> of_addresses;
  std::vector<std::string> settings;  // the names of those that are new by that
  std::function<void()> taken;        // called once it is what is served
};

/// Reloads on a thread of its own, one time after the other; what is asked for meanwhile is done once, after it. The
/// log tells how it went, and the manager of the service when it begins and ends.
class Reloader {
 public:
  /// `read` says what is to be served, each time; it is called on that thread, and the error is logged. It ends soon
  /// when it is told to stop. The server and the manager outlive it.
  using Read = std::function<Result<Served>(const std::stop_token&)>;
  Reloader(Server& server, const ServiceManager& manager, Read read);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// Asks for a reload; `why` begins the lines of the log. From any thread.
  void ask(std::string why);
  /// Asks whenever one of these files changes. Once.
  [[nodiscard]] Result<> watch(std::vector<std::string> files);
  /// Asks whenever one of these tags means something else.
  void follow(std::vector<FollowedTag> tags, registry::RegistryOptions options);

 private:
  void run();
  void reload(const std::string& why);

  Server& server_;
  const ServiceManager& manager_;
  const Read read_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::string why_;  // empty: nobody asks
  bool ending_ = false;
  std::stop_source stop_;
  std::unique_ptr<FileWatch> watch_;
  std::thread watcher_;
  TagWatch tags_;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace wasm_grpc::cli
