// Whom the guests of one module may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/client_1/call_maker.h"
#include "wasm_grpc/target_options.h"

namespace wasm_grpc::runtime {

/// One target that it was granted, and how many calls of it are open in all its instances. Thread-safe.
class GrantedTarget final : public abi::client_1::CallAccount {
 public:
  explicit GrantedTarget(TargetGrant grant) : grant_(std::move(grant)) {}

  [[nodiscard]] const std::string& name() const noexcept { return grant_.target; }
  [[nodiscard]] bool allows(std::string_view path) const noexcept;
  [[nodiscard]] std::chrono::milliseconds max_time() const noexcept { return grant_.max_time; }
  [[nodiscard]] std::uint32_t max_concurrent() const noexcept { return grant_.max_concurrent; }
  /// Counts one that begins, until let_go(); false when there are as many as there may be. Only where there is a limit.
  [[nodiscard]] bool begin() noexcept;

  void sent() noexcept override {}
  void received() noexcept override {}
  void ended(const abi::client_1::CallOutcome&) noexcept override {}
  void let_go() noexcept override {
    if (grant_.max_concurrent > 0) open_.fetch_sub(1, std::memory_order_relaxed);
  }
  /// Gone with it.
  [[nodiscard]] const std::shared_ptr<const bool>& alive() const noexcept { return alive_; }

 private:
  const TargetGrant grant_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  std::atomic<std::uint32_t> open_ = 0;
};

/// All of one module. Belongs to it, and is shared by the workers.
class ModuleGrants final : public abi::client_1::Grants {
 public:
  /// `may_lack`: the module is loaded without those that it needs, too.
  ModuleGrants(std::string module, const std::vector<TargetGrant>& grants, bool may_lack = false);

  [[nodiscard]] bool has(std::string_view target) const noexcept override {
    return may_lack_ || find(target) != nullptr;
  }
  /// nullptr where it is not granted.
  [[nodiscard]] GrantedTarget* find(std::string_view target) const noexcept;
  /// Whose they are.
  [[nodiscard]] const std::string& module() const noexcept { return module_; }

 private:
  const std::string module_;
  const bool may_lack_;
  std::vector<std::unique_ptr<GrantedTarget>> targets_;
};

}  // namespace wasm_grpc::runtime
