// What a client and its connection speak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/output_batch.h"

namespace wasm_grpc::http2 {

/// Between the bytes of a connection and its session. The connection has one from its client's first bytes on, and does
/// not ask which it is.
class Wire {
 public:
  virtual ~Wire() = default;

  /// Takes the client's next bytes; none, to go on with what was held back.
  virtual void feed(std::span<const std::byte> bytes) = 0;

  struct Pulled {
    bool more = false;   // there is more than the batch takes
    bool go_on = false;  // feed() can go on with what was held back, once the flush is over
  };
  /// Puts what is to be written into the batch, which is empty, until it is full.
  [[nodiscard]] virtual Pulled pull(net::OutputBatch& batch) = 0;

  /// Whether more is to be read from the client now.
  [[nodiscard]] virtual bool wants_input() const noexcept = 0;
  /// A number for the request head of which only a part has come; 0 when there is none.
  [[nodiscard]] virtual std::uint64_t incomplete() const noexcept = 0;
  /// The connection is to be closed once the output has left, though the session may not be over.
  [[nodiscard]] virtual bool is_over() const noexcept = 0;
  /// The client can be asked whether it is there.
  [[nodiscard]] virtual bool can_ping() const noexcept = 0;
};

}  // namespace wasm_grpc::http2
