// How long a connection lives: opening, keepalive, idle time, age, pings of its client, and its ways to say goodbye.
#pragma once

#include <chrono>
#include <cstdint>

#include "rpc/timer_queue.h"
#include "wasm_grpc/connection_options.h"

namespace wasm_grpc::http2 {

/// Is told what happens and when, and answers what is to be done about it; it knows no socket, no nghttp2 and no clock.
/// After whatever it was told, next() says when it is to look again. Belongs to its connection.
class ConnectionLife {
 public:
  using Time = rpc::Clock::time_point;

  enum class State : std::uint8_t {
    opening,  // until the client's SETTINGS
    open,
    announced,  // draining: the first GOAWAY is out, the last one follows a round trip later
    draining,   // the last GOAWAY is out
    lingering,  // all is said; waiting for the client to close, so that it can read the end
    closed,
  };

  enum class Action : std::uint8_t {
    none,
    announce_end,      // a GOAWAY that names no last stream yet, and a PING to learn that the client has read it
    name_last_stream,  // the last GOAWAY: what the client opens now is not served
    refuse_pings,      // the same with ENHANCE_YOUR_CALM, "too_many_pings"
    ping,              // is the client still there?
    give_up_opening,   // close: ClientLimits::handshake_timeout
    give_up_silence,   // close: no answer to a PING
    close,
  };

  /// What it asks of its connection when it looks.
  struct Situation {
    bool has_streams = false;
    bool can_ping = true;  // else keepalive is not its business
  };

  /// `settings` outlive it.
  explicit ConnectionLife(const ConnectionOptions& settings) noexcept : settings_(settings) {}

  // ---- What happens ----

  /// Its socket was accepted.
  void begin(Time now) noexcept;
  /// The client's SETTINGS have come.
  void opened(Time now) noexcept;
  /// Something has come from the client. Costs a store, as it happens all the time.
  void heard() noexcept { heard_ = true; }
  /// There are no streams any more.
  void idle(Time now) noexcept { idle_since_ = now; }
  /// The server stops: what the client asks for by its first bytes is still answered, if they come soon.
  [[nodiscard]] Action drain(Time now) noexcept;
  /// The client has answered the PING of Action::announce_end.
  [[nodiscard]] Action end_was_read() noexcept;
  /// The client pings. `answers` counts the frames of answers that have been sent to it. As gRPC's own servers judge
  /// it: too many pings within the interval, with no answer of ours between them, and the connection ends. Clients that
  /// hear "too_many_pings" ping less often from then on.
  [[nodiscard]] Action client_pinged(Time now, std::uint64_t answers, bool has_streams) noexcept;
  /// It is being ended for what its client did, by a GOAWAY. A client that does not read it is not waited for.
  void ended(Time now) noexcept;
  /// All is said, and our side of the socket closed.
  void linger(Time now) noexcept;
  void close() noexcept { state_ = State::closed; }

  // ---- The time ----

  /// What the time has brought. To be asked again until there is nothing: each action is taken for done.
  [[nodiscard]] Action look(Time now, Situation situation) noexcept;
  /// When it is to look again: Time::max() for never.
  [[nodiscard]] Time next() const noexcept { return deadline_ < next_ ? deadline_ : next_; }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool is_closed() const noexcept { return state_ == State::closed; }
  [[nodiscard]] bool is_lingering() const noexcept { return state_ == State::lingering; }
  /// Once the GOAWAY of Action::refuse_pings has left, nothing is to be waited for.
  [[nodiscard]] bool said_goodbye() const noexcept { return said_goodbye_; }

 private:
  [[nodiscard]] Action announce(Time now) noexcept;
  [[nodiscard]] Action name_last_stream() noexcept;
  [[nodiscard]] Action look_at_deadline() noexcept;
  [[nodiscard]] Action look_at_age(Time now, bool has_streams) noexcept;
  [[nodiscard]] Action keep_alive(Time now) noexcept;

  const ConnectionOptions& settings_;
  State state_ = State::opening;
  Time deadline_ = Time::max();  // of the state: for opening, for a goodbye to be read
  Time next_ = Time::max();      // for what follows
  Time age_end_ = Time::max();
  Time cut_off_ = Time::max();  // the end of the grace after it
  Time idle_since_{};           // when there are no streams
  Time heard_at_{};
  Time pinged_at_{};
  Time last_client_ping_{};
  std::uint64_t answers_then_ = 0;  // at that ping
  std::uint32_t ping_strikes_ = 0;
  bool stops_ = false;  // drain() has come before it was open
  bool heard_ = false;  // since the last look
  bool awaits_pong_ = false;
  bool said_goodbye_ = false;
};

}  // namespace wasm_grpc::http2
