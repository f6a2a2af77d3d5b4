// Which services are healthy, as grpc.health.v1 tells it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasm_grpc::services {

/// The health of the server and of each service. A service is healthy when each module that serves it can start
/// instances, has its store where it needs one, and says so; the server, named "", when any module can start and has
/// its store. While the server stops nothing is healthy.
///
/// Observers are added while the server is set up; all else may come from any thread.
class HealthRegistry {
 public:
  /// One module's part. Thread-safe; the registry outlives it.
  class Module {
   public:
    /// What the module says of a service of its own; others are ignored.
    void set_serving(std::string_view service, bool serving);
    /// What it keeps its state in, without which it is not to be called, works or does not.
    void set_store_works(bool works);
    /// One more worker, or one less, cannot start instances of the module.
    void change_failing_workers(int change);

   private:
    friend class HealthRegistry;
    Module(HealthRegistry& registry, const std::vector<std::string>& services);
    [[nodiscard]] bool able() const { return failing_workers_ == 0 && store_works_; }

    HealthRegistry& registry_;
    std::map<std::string, bool, std::less<>> services_;
    int failing_workers_ = 0;
    bool store_works_ = true;
  };

  /// Called when something has changed, on the thread that changed it. Short; must not throw.
  using Observer = std::function<void()>;

  HealthRegistry() = default;
  HealthRegistry(const HealthRegistry&) = delete;
  HealthRegistry& operator=(const HealthRegistry&) = delete;

  /// A module of these services, which are healthy. Nobody is told of it before exchange().
  [[nodiscard]] std::shared_ptr<Module> make_module(const std::vector<std::string>& services);
  /// Has some modules in the place of others, at once.
  void exchange(std::span<const std::shared_ptr<Module>> removed, std::span<const std::shared_ptr<Module>> added);
  /// These services are not served any more, whoever served them.
  void withdraw(std::span<const std::string> services);
  /// Makes a module and adds it.
  Module& add_module(const std::vector<std::string>& services);
  /// Adds a service of the host's own, which is healthy.
  void add_service(const std::string& service);
  void add_observer(Observer observer);

  /// The server stops: from now on nothing is healthy.
  void stop();
  [[nodiscard]] bool stopping() const;

  /// Whether the service, or the server (""), is healthy; nothing when there is no such service.
  [[nodiscard]] std::optional<bool> serving(std::string_view service) const;
  /// Of the server and all services, in order.
  [[nodiscard]] std::vector<std::pair<std::string, bool>> all() const;

 private:
  void notify() const;
  [[nodiscard]] std::optional<bool> find(std::string_view service) const;

  mutable std::mutex mutex_;  // of all but the observers, and of the modules
  std::vector<std::shared_ptr<Module>> modules_;
  std::set<std::string, std::less<>> own_services_;
  bool stopping_ = false;
  std::vector<Observer> observers_;
};

}  // namespace wasm_grpc::services
