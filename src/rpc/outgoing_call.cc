#include "rpc/outgoing_call.h"

#include <utility>

namespace wasm_grpc::rpc {

namespace {

class EndedCall final : public OutgoingCall {
 public:
  explicit EndedCall(Status status) : status_(std::move(status)) {}

  SendResult send(std::span<const std::byte>, bool) override { return SendResult::cancelled; }
  SendResult half_close() override { return SendResult::cancelled; }
  [[nodiscard]] bool writable() const noexcept override { return true; }
  std::optional<std::span<const std::byte>> message() noexcept override { return std::nullopt; }
  void pop_message() noexcept override {}
  [[nodiscard]] bool has_headers() const noexcept override { return false; }
  [[nodiscard]] const Metadata& headers() const noexcept override { return none_; }
  [[nodiscard]] bool ended() const noexcept override { return true; }
  [[nodiscard]] const Status& status() const noexcept override { return status_; }
  [[nodiscard]] const Metadata& trailers() const noexcept override { return none_; }
  void cancel(Status) noexcept override {}

 private:
  void let_go() noexcept override { delete this; }

  Status status_;
  Metadata none_;
};

}  // namespace

void add_trace_keys(Metadata& metadata, const Call& parent) {
  for (const std::string_view key : {"traceparent", "tracestate", "grpc-trace-bin"}) {
    const auto value = parent.request_metadata().get(key);
    if (value && !metadata.get(key)) metadata.add(key, *value);
  }
}

OutgoingCallPtr ended_call(Status status) { return OutgoingCallPtr(new EndedCall(std::move(status))); }

}  // namespace wasm_grpc::rpc
