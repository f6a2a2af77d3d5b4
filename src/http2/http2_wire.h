// HTTP/2 as it comes.
#pragma once

#include "http2/session/session.h"
#include "http2/wire.h"

namespace wasm_grpc::http2 {

class Http2Wire final : public Wire {
 public:
  explicit Http2Wire(Session& session) noexcept : session_(session) {}

  void feed(std::span<const std::byte> bytes) override { session_.feed(bytes); }
  [[nodiscard]] Pulled pull(net::OutputBatch& batch) override { return {.more = session_.pull(batch)}; }
  [[nodiscard]] bool wants_input() const noexcept override { return true; }
  [[nodiscard]] std::uint64_t incomplete() const noexcept override { return session_.incomplete(); }
  [[nodiscard]] bool is_over() const noexcept override { return false; }
  [[nodiscard]] bool can_ping() const noexcept override { return true; }

 private:
  Session& session_;
};

}  // namespace wasm_grpc::http2
