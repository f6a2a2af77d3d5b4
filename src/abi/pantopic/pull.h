// ABI pantopic-pull: what guests of early versions of wazero-grpc-server speak, which export __grpcServerCall.
#pragma once

#include <cstddef>

#include "abi/pantopic/abi.h"
#include "abi/pantopic/binding.h"

namespace wasm_grpc::abi::pantopic {

/// Calls one export that runs as long as the call, and asks for further messages by an import.
class PullBinding final : public GuestBinding {
 public:
  PullBinding(wasm::Instance& instance, const Declaration* expected);

  // ---- The imports ----
  [[nodiscard]] Result<> receive();
  [[nodiscard]] Result<> send();

 private:
  [[nodiscard]] Result<> find_functions() override;
  [[nodiscard]] CallStep begin() override;
  [[nodiscard]] CallStep go_on() override;
  void sent(rpc::SendResult result) noexcept override;

  [[nodiscard]] CallStep begin_when_readable();
  [[nodiscard]] CallStep end();
  /// True when there was a message to hand over, or the end of them.
  [[nodiscard]] bool receive_now();

  std::size_t call_function_ = 0;
  bool begun_ = false;      // the guest has been called
  bool told_done_ = false;  // that there are no more messages
  bool sent_ = false;
};

[[nodiscard]] Result<> define_pull_imports(wasm::Linker& linker);

class PullAbi final : public GuestAbi {
 public:
  PullAbi();
  [[nodiscard]] std::unique_ptr<Binding> bind(wasm::Instance& instance, const HostSide& host,
                                              const Declaration* expected) const override;
};

}  // namespace wasm_grpc::abi::pantopic
