// What a guest may wait for by a file descriptor that has no file.
#pragma once

#include <cstdint>

namespace wasm_grpc::wasi {

/// Belongs to the layer that opened the descriptor; outlives the instance's last step. Used on the thread that runs it.
class Waitable {
 public:
  /// What would let `what` hold, as bits of wasm::Suspension::interests; 0 when it holds now.
  [[nodiscard]] virtual std::uint32_t awaits(std::int32_t what, std::uint32_t interests) noexcept = 0;

 protected:
  Waitable() = default;
  ~Waitable() = default;
};

}  // namespace wasm_grpc::wasi
