// How long a connection lives: its age, idle time, pings both ways, and the two ways to say goodbye.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "http2/connection.h"
#include "http2/core.h"
#include "http2/stream.h"

namespace wasm_grpc::http2 {

namespace {

using Time = rpc::Clock::time_point;

constexpr std::chrono::milliseconds final_goaway_delay{1000};
constexpr std::chrono::milliseconds linger_time{1000};
constexpr std::chrono::milliseconds last_handshake_time{1000};
// gRPC's allowances for clients (GRPC_ARG_HTTP2_MAX_PING_STRIKES, and the interval where no call is open).
constexpr std::uint32_t max_ping_strikes = 2;
constexpr std::chrono::hours ping_interval_without_calls{2};

constexpr std::uint8_t drain_ping[8] = {'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'};
constexpr std::uint8_t keepalive_ping[8] = {'k', 'e', 'e', 'p', 'a', 'l', 'i', 'v'};

/// A time from 0.9 to 1.1 of it: connections that came together are not to end together.
std::chrono::milliseconds spread(std::chrono::milliseconds time, Time now) {
  std::uint64_t bits = static_cast<std::uint64_t>(now.time_since_epoch().count());
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;  // splitmix64
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  const double place = static_cast<double>((bits ^ (bits >> 31)) >> 11) / 9007199254740992.0;  // of 2^53
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * (0.9 + 0.2 * place)));
}

}  // namespace

void Connection::begin_life() {
  const Settings& settings = core_.settings;
  const Time now = rpc::Clock::now();
  heard_at_ = now;
  idle_since_ = now;
  if (settings.max_connection_age.count() > 0) age_end_ = rpc::later(now, spread(settings.max_connection_age, now));
  live_on();
}

// Looks at all that time may have brought, and schedules the next look.
void Connection::live_on() noexcept {
  const Settings& settings = core_.settings;
  const Time now = rpc::Clock::now();
  Time next = Time::max();
  if (now >= cut_off_) {
    close();
    return;
  }
  if (state_ == State::open) {
    if (now >= age_end_) {
      if (settings.max_connection_age_grace.count() > 0) cut_off_ = rpc::later(now, settings.max_connection_age_grace);
      drain();
    } else {
      next = std::min(next, age_end_);
    }
  }
  if (state_ == State::open && settings.max_connection_idle.count() > 0) {
    const Time idle_end = rpc::later(streams_ != nullptr ? now : idle_since_, settings.max_connection_idle);
    if (now >= idle_end) {
      drain();
    } else {
      next = std::min(next, idle_end);
    }
  }
  if (settings.keepalive_time.count() > 0 && bridge_ == nullptr) {  // with HTTP/1.1 it is TCP's
    if (std::exchange(heard_, false)) {
      heard_at_ = now;
      awaits_pong_ = false;
    }
    if (awaits_pong_ && now >= rpc::later(pinged_at_, settings.keepalive_timeout)) {
      note_end(EndReason::keepalive_timeout, "no answer to a keepalive PING");
      close();
      return;
    }
    if (!awaits_pong_ && now >= rpc::later(heard_at_, settings.keepalive_time)) {
      awaits_pong_ = true;
      pinged_at_ = now;
      nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, keepalive_ping);
      mark_dirty();
    }
    next = std::min(next, awaits_pong_ ? rpc::later(pinged_at_, settings.keepalive_timeout)
                                       : rpc::later(heard_at_, settings.keepalive_time));
  }
  next = std::min(next, cut_off_);
  if (next != Time::max()) core_.timers.schedule(life_, next);
}

// As gRPC's own servers judge it: too many pings within the interval, with no answer of ours between them, and the
// connection ends. Clients that hear "too_many_pings" ping less often from then on.
void Connection::client_pinged() {
  const std::chrono::milliseconds least = core_.settings.min_ping_interval;
  if (least.count() == 0 || said_goodbye_) return;
  const Time now = rpc::Clock::now();
  const Time last = std::exchange(last_client_ping_, now);
  if (std::exchange(answered_since_ping_, false)) {
    ping_strikes_ = 0;
    return;
  }
  const auto interval = streams_ != nullptr || core_.settings.pings_without_calls
                            ? least
                            : std::max<std::chrono::milliseconds>(least, ping_interval_without_calls);
  if (last == Time() || rpc::later(last, interval) <= now || ++ping_strikes_ <= max_ping_strikes) return;
  static constexpr std::string_view reason = "too_many_pings";
  note_end(EndReason::too_many_pings, "more PING frames than the interval between them allows");
  said_goodbye_ = true;
  state_ = State::draining;
  core_.timers.schedule(*this, now + final_goaway_delay);  // a client that does not read it is not waited for
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_ENHANCE_YOUR_CALM, reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
  mark_dirty();
}

void Connection::linger() {
  while (streams_ != nullptr) {
    Stream& stream = *streams_;
    nghttp2_session_set_stream_user_data(session_, stream.id(), nullptr);
    forget_open(stream);
    stream.closed(rpc::CallEnd::connection);
  }
  if (state_ == State::closed) return;
  state_ = State::lingering;
  core_.timers.cancel(life_);
  if (tls_ != nullptr) end_tls();
  asio::error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  core_.timers.schedule(*this, rpc::Clock::now() + linger_time);
}

void Connection::drain() {
  switch (state_) {
    case State::handshaking:
      // Its client may have connected just now, and takes it for open: what it asks for is answered, if it comes soon.
      core_.timers.schedule(*this, rpc::Clock::now() + last_handshake_time);
      return;
    case State::open:
      break;
    default:
      return;
  }
  // A client may have opened streams that are still on their way: first say that the end is near, and name the last
  // stream only after a round trip (RFC 9113, 6.8).
  state_ = State::announced;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, drain_ping);
  core_.timers.schedule(*this, rpc::Clock::now() + final_goaway_delay);
  mark_dirty();
}

void Connection::ping_acknowledged(const std::uint8_t* payload) {
  if (state_ == State::announced && std::memcmp(payload, drain_ping, sizeof(drain_ping)) == 0) send_final_goaway();
}

void Connection::send_final_goaway() {
  state_ = State::draining;
  core_.timers.cancel(*this);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  mark_dirty();
}

void Connection::on_timer() noexcept {
  if (state_ == State::announced) {
    send_final_goaway();
  } else {
    if (state_ == State::handshaking && !core_.draining) {
      note_end(EndReason::handshake_timeout, "no HTTP/2 SETTINGS in time");
    }
    close();  // or lingered long enough
  }
}

}  // namespace wasm_grpc::http2
