// What the ABIs of wazero-grpc-server have in common: how a module starts, names its services, and is handed
// messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "abi/abi.h"
#include "abi/pantopic/buffers.h"
#include "wasm/instance.h"

namespace wasm_grpc::abi::pantopic {

/// One instance, which serves one call at a time: the ABIs have no number for a call. All methods are in handler style.
class GuestBinding : public Binding {
 public:
  [[nodiscard]] Result<bool> begin_next_start_step() final;
  [[nodiscard]] bool start_step_exited_well() const final;
  [[nodiscard]] const Declaration& declaration() const final { return expected_ ? *expected_ : declaration_; }
  [[nodiscard]] CallStep begin_call(rpc::Call& call, std::int32_t tag) final;
  [[nodiscard]] CallStep continue_call() final;
  void move_call(rpc::Call& call) noexcept final { call_ = &call; }
  [[nodiscard]] const rpc::Call* current_call() const noexcept final { return call_; }

  // Never called: no method is in event style.
  void set_event_host(EventInstanceHost&) noexcept final {}
  [[nodiscard]] bool wants_ending() const noexcept final { return false; }
  [[nodiscard]] std::int32_t open_call(rpc::Call&, EventCallHost&) final { return 0; }
  void close_call(std::int32_t) noexcept final {}
  void begin_event(std::int32_t, Event, std::int32_t) final {}

 protected:
  /// `describe_export` returns where the buffers are, and leaves the list of services in that of messages. A module
  /// that has `http_export` serves HTTP, at every path. A request message that has no room ends its call with
  /// `no_room`.
  GuestBinding(wasm::Instance& instance, const Declaration* expected, std::string_view describe_export,
               std::string_view http_export = {}, rpc::StatusCode no_room = rpc::StatusCode::resource_exhausted);

  /// The start is done: finds the exports that the methods need. The error says which is missing.
  [[nodiscard]] virtual Result<> find_functions() = 0;
  /// A call begins.
  [[nodiscard]] virtual CallStep begin() = 0;
  /// It goes on: an export has returned, or there is something to read.
  [[nodiscard]] virtual CallStep go_on() = 0;
  /// What became of the message of send_message().
  virtual void sent(rpc::SendResult result) noexcept = 0;

  /// The call that is served.
  [[nodiscard]] rpc::Call* call() noexcept { return call_; }
  [[nodiscard]] rpc::MethodKind kind() const noexcept { return method_->kind; }
  [[nodiscard]] wasm::Instance& instance() noexcept { return instance_; }

  /// Says which method is called and that there is no error, or which. False when the call got a status instead.
  [[nodiscard]] bool put_method(std::uint32_t error);
  /// The same for an HTTP exchange, which is called by its own name.
  [[nodiscard]] bool put_http_method(std::string_view name);
  /// Hands over the next message of the request, which there is. False when the call got a status instead.
  [[nodiscard]] bool put_message(std::span<const std::byte> message);
  /// Adds the next piece of the body of an HTTP exchange, which there is. False when the call was answered instead.
  [[nodiscard]] bool put_body_piece(std::span<const std::byte> piece);
  void put_no_message() noexcept { buffers_.put_message(instance_.memory(), {}); }
  [[nodiscard]] std::uint32_t error() noexcept { return buffers_.error(instance_.memory()); }
  void put_error(std::uint32_t code) noexcept { buffers_.put_error(instance_.memory(), code); }
  /// The message the guest has written.
  [[nodiscard]] Result<std::span<const std::byte>> message() { return buffers_.message(instance_.memory()); }
  /// Gives the call a status with this text of the guest's, or `otherwise` where it is empty. A text that is an error
  /// is a fault of the guest.
  void finish(rpc::StatusCode code, const Result<std::span<const std::byte>>& text, std::string_view otherwise);
  /// Answers an HTTP exchange with an error of the host's: a status and a sentence.
  void answer_http(int status, std::string_view text);
  /// Ends the call with INTERNAL, for a fault of the guest.
  void fail(const Error& error);
  [[nodiscard]] CallStep begin_function(std::size_t function);

  /// For imports: sends a message that is in the guest's memory and tells sent(), at once or, where too much is waiting
  /// to be sent, when the guest goes on. The error traps the guest.
  [[nodiscard]] Result<> send_message(std::span<const std::byte> message);

 private:
  enum class Step : std::uint8_t { none, instantiate, initialize, describe, ready };

  [[nodiscard]] Result<> read_description();

  wasm::Instance& instance_;
  const Declaration* expected_;
  std::string_view describe_export_;
  std::string_view http_export_;
  rpc::StatusCode no_room_;
  Step step_ = Step::none;
  Declaration declaration_;
  Buffers buffers_;
  rpc::Call* call_ = nullptr;
  const DeclaredMethod* method_ = nullptr;
  // What is being sent while the guest waits, by its place: the memory may be moved.
  std::size_t sending_at_ = 0;
  std::size_t sending_size_ = 0;
};

}  // namespace wasm_grpc::abi::pantopic
