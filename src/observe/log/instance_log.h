// What one instance of a guest logs and prints, with the call it is in.
#pragma once

#include <cstdint>
#include <string_view>

#include "abi/abi.h"
#include "observe/log/module_log.h"
#include "wasi/output.h"

namespace wasm_grpc::observe {

/// Used by the thread that runs the instance. The log of the module outlives it.
class InstanceLog final : public wasi::Output {
 public:
  explicit InstanceLog(ModuleLog& log) : log_(log) {}
  /// Who knows the call; nullptr when nobody does any more.
  void set_binding(abi::Binding* binding) noexcept { binding_ = binding; }

  void line(std::string_view, bool is_stderr, std::string_view text) noexcept override {
    log_.printed(is_stderr, text, current_call());
  }
  /// The call that the guest knows by this number; nullptr for none.
  [[nodiscard]] rpc::Call* find_call(std::int32_t id) const noexcept {
    return binding_ == nullptr ? nullptr : binding_->find_call(id);
  }
  void log(LogLevel level, std::string_view text) noexcept {
    log_.log({}, static_cast<abi::LogLevel>(level), text, current_call());
  }

 private:
  [[nodiscard]] const rpc::Call* current_call() const noexcept {
    return binding_ == nullptr ? nullptr : binding_->current_call();
  }

  ModuleLog& log_;
  abi::Binding* binding_ = nullptr;
};

}  // namespace wasm_grpc::observe
