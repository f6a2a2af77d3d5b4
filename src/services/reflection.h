// grpc.reflection.v1.ServerReflection and its older twin v1alpha, whose messages are the same on the wire.
#pragma once

#include <memory>
#include <string>

#include "services/catalog.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::services {

inline constexpr std::string_view reflection_paths[] = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

/// Answers one request message (ServerReflectionRequest) with one response message, serialized. Nothing when the bytes
/// are no such message.
[[nodiscard]] std::optional<std::string> reflect(const Catalog& catalog, std::span<const std::byte> request);

/// Serves ServerReflectionInfo of the catalog that `current` points to when a client asks; it outlives the handler, and
/// is changed on the handler's thread only. Calls have no state but their own, so that one listener is enough for all
/// of them.
class ReflectionHandler final : public rpc::Handler, private rpc::CallListener {
 public:
  explicit ReflectionHandler(const std::shared_ptr<const Catalog>& current) : current_(current) {}

  void start(rpc::Call& call) noexcept override;

 private:
  void on_readable(rpc::Call& call) noexcept override { answer(call); }
  void on_writable(rpc::Call& call) noexcept override { answer(call); }
  void on_cancelled(rpc::Call& call) noexcept override { call.release(); }

  /// Answers what has come, as long as the client takes the answers.
  void answer(rpc::Call& call) noexcept;

  const std::shared_ptr<const Catalog>& current_;
};

}  // namespace wasm_grpc::services
