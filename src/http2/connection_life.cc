#include "http2/connection_life.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::http2 {

namespace {

using Time = ConnectionLife::Time;

constexpr std::chrono::milliseconds final_goaway_delay{1000};
constexpr std::chrono::milliseconds goodbye_time{1000};
constexpr std::chrono::milliseconds linger_time{1000};
constexpr std::chrono::milliseconds last_opening_time{1000};
// gRPC's allowances for clients (GRPC_ARG_HTTP2_MAX_PING_STRIKES, and the interval where no call is open).
constexpr std::uint32_t max_ping_strikes = 2;
constexpr std::chrono::hours ping_interval_without_calls{2};

/// A time from 0.9 to 1.1 of it: connections that came together are not to end together.
std::chrono::milliseconds spread(std::chrono::milliseconds time, Time now) {
  std::uint64_t bits = static_cast<std::uint64_t>(now.time_since_epoch().count());
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;  // splitmix64
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  const double place = static_cast<double>((bits ^ (bits >> 31)) >> 11) / 9007199254740992.0;  // of 2^53
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * (0.9 + 0.2 * place)));
}

}  // namespace

void ConnectionLife::begin(Time now) noexcept {
  if (settings_.clients.handshake_timeout.count() > 0) deadline_ = rpc::later(now, settings_.clients.handshake_timeout);
}

void ConnectionLife::opened(Time now) noexcept {
  state_ = State::open;
  deadline_ = Time::max();
  heard_at_ = now;
  idle_since_ = now;
  if (settings_.max_connection_age.count() > 0) age_end_ = rpc::later(now, spread(settings_.max_connection_age, now));
  next_ = now;
}

ConnectionLife::Action ConnectionLife::drain(Time now) noexcept {
  if (state_ == State::opening) {
    // Its client may have connected just now, and takes it for open.
    stops_ = true;
    deadline_ = now + last_opening_time;
    return Action::none;
  }
  return state_ == State::open ? announce(now) : Action::none;
}

// A client may have opened streams that are still on their way: first it is said that the end is near, and the last
// stream is named only after a round trip (RFC 9113, 6.8).
ConnectionLife::Action ConnectionLife::announce(Time now) noexcept {
  state_ = State::announced;
  deadline_ = now + final_goaway_delay;
  return Action::announce_end;
}

ConnectionLife::Action ConnectionLife::end_was_read() noexcept {
  return state_ == State::announced ? name_last_stream() : Action::none;
}

ConnectionLife::Action ConnectionLife::name_last_stream() noexcept {
  state_ = State::draining;
  deadline_ = Time::max();
  return Action::name_last_stream;
}

ConnectionLife::Action ConnectionLife::client_pinged(Time now, std::uint64_t answers, bool has_streams) noexcept {
  const std::chrono::milliseconds least = settings_.min_ping_interval;
  if (least.count() == 0 || said_goodbye_) return Action::none;
  const Time last = std::exchange(last_client_ping_, now);
  if (std::exchange(answers_then_, answers) != answers) {
    ping_strikes_ = 0;
    return Action::none;
  }
  const auto interval = has_streams || settings_.pings_without_calls
                            ? least
                            : std::max<std::chrono::milliseconds>(least, ping_interval_without_calls);
  if (last == Time() || rpc::later(last, interval) <= now || ++ping_strikes_ <= max_ping_strikes) return Action::none;
  said_goodbye_ = true;
  ended(now);
  return Action::refuse_pings;
}

void ConnectionLife::ended(Time now) noexcept {
  state_ = State::draining;
  deadline_ = now + goodbye_time;
}

void ConnectionLife::linger(Time now) noexcept {
  state_ = State::lingering;
  deadline_ = now + linger_time;
  next_ = Time::max();
}

ConnectionLife::Action ConnectionLife::look(Time now, Situation situation) noexcept {
  if (state_ == State::closed) return Action::none;
  if (deadline_ <= now) return look_at_deadline();
  if (state_ == State::opening || state_ == State::lingering) return Action::none;
  if (cut_off_ <= now) return Action::close;
  next_ = cut_off_;
  if (const Action action = look_at_age(now, situation.has_streams); action != Action::none) return action;
  return situation.can_ping ? keep_alive(now) : Action::none;
}

ConnectionLife::Action ConnectionLife::look_at_deadline() noexcept {
  deadline_ = Time::max();
  if (state_ == State::announced) return name_last_stream();
  return state_ == State::opening && !stops_ ? Action::give_up_opening : Action::close;
}

ConnectionLife::Action ConnectionLife::look_at_age(Time now, bool has_streams) noexcept {
  if (state_ != State::open) return Action::none;
  if (stops_) return announce(now);
  if (age_end_ <= now) {
    if (settings_.max_connection_age_grace.count() > 0) cut_off_ = rpc::later(now, settings_.max_connection_age_grace);
    return announce(now);
  }
  next_ = std::min(next_, age_end_);
  if (settings_.max_connection_idle.count() == 0) return Action::none;
  const Time idle_end = rpc::later(has_streams ? now : idle_since_, settings_.max_connection_idle);
  if (idle_end <= now) return announce(now);
  next_ = std::min(next_, idle_end);
  return Action::none;
}

ConnectionLife::Action ConnectionLife::keep_alive(Time now) noexcept {
  if (settings_.keepalive_time.count() == 0) return Action::none;
  if (std::exchange(heard_, false)) {
    heard_at_ = now;
    awaits_pong_ = false;
  }
  if (awaits_pong_ && rpc::later(pinged_at_, settings_.keepalive_timeout) <= now) return Action::give_up_silence;
  const bool silent = !awaits_pong_ && rpc::later(heard_at_, settings_.keepalive_time) <= now;
  if (silent) {
    awaits_pong_ = true;
    pinged_at_ = now;
  }
  next_ = std::min(next_, awaits_pong_ ? rpc::later(pinged_at_, settings_.keepalive_timeout)
                                       : rpc::later(heard_at_, settings_.keepalive_time));
  return silent ? Action::ping : Action::none;
}

}  // namespace wasm_grpc::http2
