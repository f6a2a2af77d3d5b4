// ABI pantopic-push: what guests of wazero-grpc-server speak since its exports are called __grpc_server_*.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "abi/pantopic/abi.h"
#include "abi/pantopic/binding.h"

namespace wasm_grpc::abi::pantopic {

/// Calls an export for each thing that happens in a call, which the guest answers by an import from any of them.
class PushBinding final : public GuestBinding {
 public:
  PushBinding(wasm::Instance& instance, const Declaration* expected,
              rpc::StatusCode no_room = rpc::StatusCode::resource_exhausted);

  /// The import: sends what is in the message buffer.
  [[nodiscard]] Result<> send();
  /// That of ABI pantopic-ext: sends what is in the guest's memory from `address` on.
  [[nodiscard]] Result<> send(std::uint32_t address, std::uint32_t size);

 private:
  /// What comes next; of a gRPC call after the export that runs, of an HTTP exchange before and after its one.
  enum class Stage : std::uint8_t { requests, close, end };
  /// The exports for the methods of one kind.
  struct Functions {
    std::optional<std::size_t> open;
    std::optional<std::size_t> receive;
    std::optional<std::size_t> close;
  };

  [[nodiscard]] Result<> find_functions() override;
  [[nodiscard]] CallStep begin() override;
  [[nodiscard]] CallStep go_on() override;
  void sent(rpc::SendResult result) noexcept override;

  [[nodiscard]] Result<> send(const Result<std::span<const std::byte>>& answer);
  [[nodiscard]] CallStep next_request();
  [[nodiscard]] CallStep close();
  [[nodiscard]] CallStep end();
  [[nodiscard]] CallStep next_body_piece();
  [[nodiscard]] CallStep end_http();

  Functions functions_[4];  // by kind
  const Functions* used_ = nullptr;
  std::optional<std::size_t> http_;
  Stage stage_ = Stage::end;
};

/// The import module and function.
inline constexpr std::string_view push_import_module = "pantopic/wazero-grpc-server";
inline constexpr std::string_view send_import = "__grpc_server_send";
/// What the ABI expects a module to export.
[[nodiscard]] std::span<const ExpectedExport> push_exports() noexcept;

/// The binding that imports are called by: the caller speaks this ABI, or pantopic-ext.
[[nodiscard]] PushBinding& push_binding(Caller& caller);

[[nodiscard]] Result<> define_push_imports(wasm::Linker& linker);

class PushAbi final : public GuestAbi {
 public:
  PushAbi();
  [[nodiscard]] std::unique_ptr<Binding> bind(wasm::Instance& instance, const HostSide& host,
                                              const Declaration* expected) const override;
};

}  // namespace wasm_grpc::abi::pantopic
