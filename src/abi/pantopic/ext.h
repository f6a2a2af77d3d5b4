// ABI pantopic-ext: what guests of ext-grpc-server speak, which wazero-grpc-server became.
#pragma once

#include "abi/pantopic/push.h"

namespace wasm_grpc::abi::pantopic {

/// As pantopic-push, but that a message is sent from anywhere in the guest's memory. Its SDKs have imported the
/// function under the old name too, with the new type.
class ExtAbi final : public GuestAbi {
 public:
  ExtAbi();
  [[nodiscard]] std::unique_ptr<Binding> bind(wasm::Instance& instance, const HostSide& host,
                                              const Declaration* expected) const override;
};

/// After those of pantopic-push.
[[nodiscard]] Result<> define_ext_imports(wasm::Linker& linker);

}  // namespace wasm_grpc::abi::pantopic
