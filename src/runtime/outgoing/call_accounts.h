// Who is told how the calls of guests went, on one worker: meters, and the limits of what was granted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "abi/client_1/call_maker.h"
#include "observe/metrics/client_meters.h"
#include "rpc/method_meter.h"
#include "runtime/instances/module_grants.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::runtime {

/// An account for each method that a module calls of a target. Used on the worker's thread.
class CallAccounts {
 public:
  CallAccounts() = default;
  CallAccounts(const CallAccounts&) = delete;
  CallAccounts& operator=(const CallAccounts&) = delete;

  void use_meters(observe::ClientMeters& meters, std::size_t worker) noexcept {
    meters_ = &meters;
    worker_ = worker;
  }
  /// A call begins, of which `granted` has counted that it does where that is limited. nullptr: there is nothing to be
  /// told.
  [[nodiscard]] abi::client_1::CallAccount* begin(GrantedTarget& granted, std::string_view module,
                                                  std::string_view path, rpc::MethodKind kind);
  /// Gives up the accounts of modules that are no more.
  void forget_gone();

 private:
  class Account final : public abi::client_1::CallAccount {
   public:
    Account(GrantedTarget& granted, rpc::MethodMeter& meter) : granted_(granted), meter_(meter) {}
    void begin() noexcept { ++meter_.started; }
    void sent() noexcept override { ++meter_.messages_sent; }
    void received() noexcept override { ++meter_.messages_received; }
    void ended(const abi::client_1::CallOutcome& outcome) noexcept override;
    void let_go() noexcept override { granted_.let_go(); }

   private:
    GrantedTarget& granted_;  // which lives as long as there are calls
    rpc::MethodMeter& meter_;
  };
  struct Hash {
    using is_transparent = void;
    [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Paths {
    std::weak_ptr<const bool> alive;  // gone with what was granted
    std::unordered_map<std::string, std::unique_ptr<Account>, Hash, std::equal_to<>> by_path;
  };

  [[nodiscard]] Account& account_of(Paths& paths, GrantedTarget& granted, std::string_view module,
                                    std::string_view path, rpc::MethodKind kind);

  observe::ClientMeters* meters_ = nullptr;  // nullptr: nothing is counted
  std::size_t worker_ = 0;
  std::unordered_map<const GrantedTarget*, Paths> granted_;
  // What was looked for last, which the next call mostly asks for again.
  const GrantedTarget* recent_granted_ = nullptr;
  std::string recent_path_;
  const Paths* recent_paths_ = nullptr;
  Account* recent_ = nullptr;
};

}  // namespace wasm_grpc::runtime
