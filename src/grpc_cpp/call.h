// One call of a grpc::Server, served by a handler on one of our workers.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::grpcpp {

class Inbox;

/// To its handler a call as any other; to grpc++ the reactor of a generic call. What grpc++ says comes on its threads,
/// and goes to the worker as a letter; all else happens on the worker, also what is asked of grpc++, whose Start
/// functions may be called from any thread.
///
/// grpc++ has it until OnDone(), the handler as long as it retains it; then it deletes itself.
class Call final : public rpc::Call, private grpc::ServerGenericBidiReactor {
 public:
  /// What grpc++ told of a call.
  enum class Event : std::uint8_t { begun, message, no_message, written, write_failed, cancelled, done };

  /// On a thread of grpc++. `method` belongs to the worker of `inbox`.
  Call(Inbox& inbox, const rpc::Method& method, grpc::GenericCallbackServerContext& context);
  /// Begins to read, or tells the worker. Returns the reactor, for grpc++ to have at once.
  [[nodiscard]] grpc::ServerGenericBidiReactor* begin();

  // ---- On the worker ----

  void take(Event event);
  /// Gives grpc++ what is to be sent next.
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

  // grpc::ServerGenericBidiReactor, on threads of grpc++
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void note_context();
  void note_tls_peer();
  void start();
  void read_more();
  [[nodiscard]] rpc::Status take_message();
  void end_input();
  void write_more();
  void mark_dirty() noexcept;
  [[nodiscard]] grpc::Status final_status();

  Inbox& inbox_;
  grpc::GenericCallbackServerContext* context_;  // nullptr once grpc++ is done
  std::string peer_text_;
  std::string tls_peer_text_;
  grpc::ByteBuffer read_;
  grpc::ByteBuffer written_;
  std::size_t writing_ = 0;  // bytes of the pending output that grpc++ has
  std::size_t held_ = 0;     // bytes of requests that the handler has not taken
  bool reading_ = false;
  bool known_ = false;   // to the worker
  bool taking_ = false;  // take() holds it
  bool started_ = false;
  bool headers_noted_ = false;  // with grpc++, which sends them with the first message or the status
  bool ended_ = false;          // grpc++ has the status, and is asked for nothing more
  bool dirty_ = false;
};

}  // namespace wasm_grpc::grpcpp
