// One client connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http2/connection_life.h"
#include "http2/first_bytes.h"
#include "http2/progress_watch.h"
#include "http2/session/end_reason.h"
#include "http2/session/session.h"
#include "http2/wire.h"
#include "net/door.h"
#include "net/socket_io.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::http2 {

struct Core;
class Connection;

using ConnectionRef = net::Ref<Connection>;

/// A socket, the session of its client, the wire between them, and their life. Held by the endpoint while it is open,
/// by the socket's operations, and by streams until they are recycled; once closed it refers to nothing of the endpoint
/// any more.
class Connection final : public net::SocketOwner, private SessionOwner, private rpc::Timer {
 public:
  /// Takes over an accepted socket and begins to read. The connection keeps itself alive from then on.
  /// With `ssl`, it speaks TLS.
  static void accept(Core& core, net::Incoming&& incoming, net::SslPointer ssl);

  /// Sends what there is to send, as far as the socket takes it.
  void flush();
  /// GOAWAY, then the end once the running streams are done.
  void drain();
  /// The end, at once: calls are cancelled.
  void close();

  [[nodiscard]] Core& core() noexcept { return core_; }
  /// What its client is held to.
  [[nodiscard]] const ConnectionOptions& settings() const noexcept { return session_.settings(); }
  [[nodiscard]] bool is_closed() const noexcept { return life_.is_closed(); }
  /// Where it is in Core::open.
  void set_place(std::size_t place) noexcept { place_ = place; }

  // ---- For its ProgressWatch ----

  /// A number for the request head of which only a part has come; 0 when there is none.
  [[nodiscard]] std::uint64_t incomplete() const noexcept {
    return wire_ != nullptr ? wire_->incomplete() : session_.incomplete();
  }
  /// There is output, of whatever stream, that has not left.
  /// Bytes of answers that its client has not taken.
  [[nodiscard]] std::size_t unread() const noexcept { return session_.unread(); }
  /// Ends it for them.
  void end_unread();
  [[nodiscard]] bool output_waits() const noexcept { return socket_.waits() || session_.output_waits(); }
  /// Changes whenever output that had to wait has left.
  [[nodiscard]] std::uint64_t output_moved() const noexcept { return session_.data_sent() + socket_.moved(); }
  /// Ends calls whose clients have sent nothing at more than so many looks.
  void look_at_requests(std::uint64_t silent_looks) noexcept { session_.look_at_requests(wants_input(), silent_looks); }
  /// Ends the connection since a time is over: by GOAWAY, or at once when it is being ended already, and nobody takes
  /// that.
  void end_for_delay(const Violation& violation) { end_noted_ ? close() : violated(violation); }

 private:
  Connection(Core& core, net::Incoming&& incoming, net::SslPointer ssl);
  ~Connection() override = default;

  void feed(std::span<const std::byte> bytes);
  [[nodiscard]] std::unique_ptr<Wire> make_http1();
  void go_on_later();
  void after_flush();
  void linger();

  // What time brings.
  void on_timer() noexcept override { live_on(); }
  void live_on();
  void act(ConnectionLife::Action action);
  void schedule();

  // net::SocketOwner
  void take_input(std::span<const std::byte> bytes) override;
  [[nodiscard]] bool wants_input() const noexcept override;
  void turn_over() override;
  void output_left() override;
  void failed(Failure failure, std::string_view detail) override;
  void client_named(const std::string& address) override;
  void tls_open(const net::TlsSession& tls) override;

  // SessionOwner
  void has_output() override;
  void client_opened() override;
  void client_pinged() override;
  void ping_answered(std::span<const std::uint8_t> payload) override;
  void became_idle() override;
  void violated(const Violation& violation) override;
  void note_end(EndReason reason, std::string_view detail) override;
  void broken() override { close(); }

  Core& core_;
  net::SocketIo socket_;
  net::Admission admission_;
  Session session_;
  FirstBytes first_bytes_;
  std::unique_ptr<Wire> wire_;  // nullptr: what the client speaks is not known yet
  ConnectionLife life_;
  ProgressWatch watch_;
  std::size_t place_ = 0;
  bool end_noted_ = false;  // why it is ended has been said
  bool going_on_ = false;   // go_on_later() is posted
};

}  // namespace wasm_grpc::http2
