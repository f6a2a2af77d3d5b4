// Leaves addresses out for a while whose calls fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/status.h"
#include "wasm_grpc/target_options.h"

namespace wasm_grpc::client {

class OutlierEjection;

/// How the calls of one address went. Shared by its route and its calls, on one thread.
class AddressHealth {
 public:
  explicit AddressHealth(OutlierEjection& judge) noexcept : judge_(judge) {}

  /// A call has ended, by what the server did or did not do.
  void note(rpc::StatusCode code) noexcept;
  /// Whether it is left out now.
  [[nodiscard]] bool is_out(rpc::Clock::time_point now) const noexcept { return now < out_until_; }

 private:
  friend class OutlierEjection;

  OutlierEjection& judge_;
  std::uint32_t failures_ = 0;  // in a row
  std::uint32_t times_ = 0;     // it was left out without a success in between
  rpc::Clock::time_point out_until_{};
};

/// Of one target. Outlives the calls of its addresses. Belongs to one thread.
class OutlierEjection {
 public:
  /// `told` is called with what happened, for the log.
  OutlierEjection(const OutlierEjectionOptions& options, std::function<void(const std::string&)> told)
      : options_(options), told_(std::move(told)) {}

  [[nodiscard]] bool enabled() const noexcept { return options_.consecutive_failures > 0; }
  /// Of an address that was not there before; nullptr where none is left out.
  [[nodiscard]] std::shared_ptr<AddressHealth> begin();
  /// All addresses that there are now.
  void use(std::vector<std::shared_ptr<AddressHealth>> all) noexcept { all_ = std::move(all); }

 private:
  friend class AddressHealth;

  void failed(AddressHealth& address) noexcept;

  OutlierEjectionOptions options_;
  std::function<void(const std::string&)> told_;
  std::vector<std::shared_ptr<AddressHealth>> all_;
};

}  // namespace wasm_grpc::client
