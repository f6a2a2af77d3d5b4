// ABI 1 for one instance.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "abi/abi.h"
#include "abi/call_table.h"
#include "abi/v1/numbers.h"
#include "wasi/waitable.h"
#include "wasm/instance.h"

namespace wasm_grpc::abi::v1 {

/// Answers the imports of ABI 1 for one instance, which serves one call at a time in handler style, or many in event
/// style.
class InstanceBinding final : public Binding, private wasi::Waitable {
 public:
  InstanceBinding(wasm::Instance& instance, const HostSide& host, const Declaration* expected);

  [[nodiscard]] Result<bool> begin_next_start_step() override;
  [[nodiscard]] bool start_step_exited_well() const override;
  [[nodiscard]] const Declaration& declaration() const override { return expected_ ? *expected_ : declaration_; }
  [[nodiscard]] CallStep begin_call(rpc::Call& call, std::int32_t tag) override;
  [[nodiscard]] CallStep continue_call() override;
  void move_call(rpc::Call& call) noexcept override { call_ = &call; }
  [[nodiscard]] const rpc::Call* current_call() const noexcept override;
  [[nodiscard]] rpc::Call* find_call(std::int32_t id) noexcept override { return find(id); }
  void share_numbers(const NumberHolder& other) noexcept override { other_numbers_ = &other; }
  [[nodiscard]] std::int32_t next_number() noexcept override { return next_id(); }
  [[nodiscard]] std::int32_t look_at_call(std::int32_t id, std::uint32_t interests) noexcept override;
  void set_event_host(EventInstanceHost& host) noexcept override { event_host_ = &host; }
  [[nodiscard]] bool wants_ending() const noexcept override { return wants_ending_; }
  [[nodiscard]] std::int32_t open_call(rpc::Call& call, EventCallHost& host) override;
  void close_call(std::int32_t id) noexcept override { event_calls_.erase(id); }
  void begin_event(std::int32_t id, Event event, std::int32_t value) override;

  // ---- The imports; docs/abi.md says what each does ----
  std::int32_t method(std::string_view path, std::int32_t kind, std::int32_t style, std::int32_t tag);
  std::int32_t descriptors(std::span<const std::byte> set);
  std::int32_t placement(std::int32_t where, std::string_view key);
  std::int32_t health_set(std::string_view service, std::int32_t serving);
  std::int32_t recv(std::int32_t call, std::span<std::byte> buffer);
  std::int32_t send(std::int32_t call, std::span<const std::byte> message);
  /// Answers at once or suspends the instance.
  std::int32_t wait(std::int32_t call, std::int32_t interests, std::int64_t timeout_ns);
  /// The same for the `count` entries at `pointer`, which are inside the guest's memory.
  std::int32_t wait_any(std::uint32_t pointer, std::uint32_t count, std::int64_t timeout_ns);
  std::int32_t wait_fd(std::int32_t call, std::int32_t interests);
  std::int32_t finish(std::int32_t call, std::int32_t code, std::string_view message);
  std::int32_t metadata_get(std::int32_t call, std::string_view key, std::int32_t index, std::span<std::byte> value);
  std::int32_t metadata_list(std::int32_t call, std::span<std::byte> list);
  std::int32_t metadata_add(std::int32_t call, std::int32_t where, std::string_view key, std::string_view value);
  std::int32_t timer(std::int32_t call, std::int64_t timeout_ns);
  std::int32_t alarm(std::int64_t timeout_ns);
  std::int32_t ending(std::int32_t wanted);
  std::int32_t http_status(std::int32_t call, std::int32_t status);
  std::int32_t headers_send(std::int32_t call);
  std::int32_t compress(std::int32_t call, std::int32_t on);
  std::int32_t info(std::int32_t call, std::int32_t what, std::span<std::byte> value);
  std::int64_t deadline(std::int32_t call);
  void log(std::int32_t level, std::string_view text);
  std::int32_t log_call(std::int32_t call, std::int32_t level, std::string_view text, std::span<const std::byte> pairs);

 private:
  enum class Step : std::uint8_t { none, instantiate, initialize, declare, ready };

  /// The call that the guest knows by this number, or nullptr.
  [[nodiscard]] rpc::Call* find(std::int32_t id) noexcept {
    if (call_ != nullptr && id == call_id_) return call_;
    const CallTable::Entry* const entry = event_calls_.find(id);
    return entry == nullptr ? nullptr : entry->call;
  }
  /// What wait() would answer now; nothing when it would suspend.
  [[nodiscard]] std::optional<std::int32_t> ready(rpc::Call& call, std::int32_t interests) noexcept;
  /// The answer to a guest whose call has ended for the client.
  [[nodiscard]] std::int32_t cancelled() noexcept;
  /// What the host's side of a call says.
  [[nodiscard]] std::int32_t answer(rpc::SendResult result) noexcept;
  // wasi::Waitable
  [[nodiscard]] std::uint32_t awaits(std::int32_t call, std::uint32_t interests) noexcept override;

  /// Looks at the entries of wait_any(): how many hold.
  [[nodiscard]] std::int32_t look(std::span<std::byte> entries) noexcept;
  using Resolve = decltype(wasm::Suspension::resolve);
  /// Suspends the guest until `resolve` has an answer, or the time has passed.
  void suspend(std::uint32_t interests, std::int64_t timeout_ns, Resolve resolve, std::uint64_t note = 0,
               std::uint64_t other_note = 0) noexcept;
  [[nodiscard]] std::int32_t next_id() noexcept;
  [[nodiscard]] CallStep begin_when_ready();
  /// Notes that a declaration was refused: the start fails with it.
  std::int32_t refuse(std::string_view path, std::string_view why);

  wasm::Instance& instance_;
  const HostSide host_;
  const Declaration* expected_;
  Declaration declaration_;
  std::size_t next_expected_ = 0;
  std::string refusal_;
  Step step_ = Step::none;
  std::size_t call_function_ = 0;
  std::size_t event_function_ = 0;

  rpc::Call* call_ = nullptr;  // in handler style
  std::int32_t tag_ = 0;
  bool begun_ = false;        // the guest knows of it
  std::int32_t call_id_ = 0;  // its number
  std::int32_t last_id_ = 0;  // the last number given
  const NumberHolder* other_numbers_ = nullptr;
  CallTable event_calls_;
  std::int32_t event_call_id_ = no_call;  // whose event it was told of last
  EventInstanceHost* event_host_ = nullptr;
  bool wants_ending_ = false;
};

/// Offers the import modules wasm_grpc_1 and wasm_grpc_1_optional.
[[nodiscard]] Result<> define_imports(wasm::Linker& linker);

class Abi1 final : public Abi {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "wasm_grpc_1"; }
  [[nodiscard]] bool recognises(const wasm::Module& module) const override;
  [[nodiscard]] bool has_import(const wasm::ImportInfo& import) const noexcept override;
  [[nodiscard]] Result<> check(const wasm::Module& module) const override;
  [[nodiscard]] std::vector<std::string> features(const wasm::Module& module) const override;
  [[nodiscard]] std::vector<std::string> warnings(const wasm::Module& module) const override;
  [[nodiscard]] std::unique_ptr<Binding> bind(wasm::Instance& instance, const HostSide& host,
                                              const Declaration* expected) const override;
};

}  // namespace wasm_grpc::abi::v1
