// HTTP/1.1, translated.
#pragma once

#include <cstddef>
#include <string_view>

#include "http1/bridge.h"
#include "http2/session/session.h"
#include "http2/wire.h"

namespace wasm_grpc::http2 {

/// Between a client that speaks HTTP/1.1 and a session is a bridge, which turns requests into frames and frames into
/// answers.
class Http1Wire final : public Wire {
 public:
  /// See http1::Bridge.
  Http1Wire(Session& session, SessionOwner& owner, std::string_view scheme, std::size_t max_head, bool spoken = true)
      : session_(session), owner_(owner), bridge_(scheme, max_head, spoken) {}

  void feed(std::span<const std::byte> bytes) override;
  [[nodiscard]] Pulled pull(net::OutputBatch& batch) override;
  [[nodiscard]] bool wants_input() const noexcept override { return bridge_.wants_input(); }
  [[nodiscard]] std::uint64_t incomplete() const noexcept override { return bridge_.incomplete(); }
  [[nodiscard]] bool is_over() const noexcept override { return bridge_.is_over(); }
  [[nodiscard]] bool can_ping() const noexcept override { return false; }

 private:
  Session& session_;
  SessionOwner& owner_;
  http1::Bridge bridge_;
};

}  // namespace wasm_grpc::http2
