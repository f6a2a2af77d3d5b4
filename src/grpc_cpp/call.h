// One call of a grpc::Server, served by a handler on one of our workers.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/gate.h"

namespace wasm_grpc::grpcpp {

class Queue;

/// To its handler a call as any other; to grpc++ one of its generic service. All of it happens on the worker's thread:
/// what grpc++ has done comes out of the completion queue in which the worker waits.
///
/// What grpc++ is asked for holds the call until it is done; so do handlers. Then it deletes itself.
class Call final : public rpc::Call {
 public:
  /// What grpc++ is asked for; `end` is asked for with `begin`, and is done when the call is over.
  enum class Step : std::uint8_t { begin, end, read, headers, write, finish };
  /// What grpc++ gives back of it.
  struct Tag {
    Call* call = nullptr;
    Step step = Step::begin;
  };

  explicit Call(Queue& queue);
  /// Asks grpc++ for a call to be.
  void request();
  /// grpc++ has done it, or could not.
  void complete(Step step, bool ok);
  /// Tells grpc++ what is to be read and sent next.
  void flush();
  /// Answers UNAVAILABLE: the services go away.
  void shut_down();

 private:
  ~Call() override = default;

  // rpc::Call
  void output_ready() noexcept override;
  void input_consumed(std::size_t bytes) noexcept override;
  void let_go() noexcept override;
  void recycle() noexcept override;

  [[nodiscard]] void* ask_for(Step step);
  void begin();
  void refuse(rpc::Refusal&& refusal);
  void note_context();
  void note_client();
  void start();
  void read_more();
  [[nodiscard]] rpc::Status take_message();
  void end_input();
  void write_more();
  void mark_dirty() noexcept;
  void hold() noexcept;
  void drop() noexcept;
  [[nodiscard]] grpc::Status final_status();

  Queue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  std::array<Tag, 6> tags_;  // by Step
  std::shared_ptr<rpc::Client> known_client_;
  grpc::ByteBuffer read_;
  grpc::ByteBuffer written_;
  std::size_t writing_ = 0;  // bytes of the pending output that grpc++ has
  std::size_t held_ = 0;     // bytes of requests that the handler has not taken
  std::uint32_t ours_ = 0;   // of its holders, those that are not handlers
  bool reading_ = false;
  bool started_ = false;
  bool sending_headers_ = false;
  bool headers_noted_ = false;  // with grpc++, which sends them with the first message or the status
  bool ended_ = false;          // grpc++ has the status or is done, and is asked for nothing more
  bool dirty_ = false;
};

}  // namespace wasm_grpc::grpcpp
