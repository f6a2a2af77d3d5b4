#include "store/redis/listener.h"

#include <algorithm>
#include <utility>

#include "store/redis/command.h"

namespace wasm_grpc::store::redis {

namespace {

using std::chrono::milliseconds;

/// After a connection that could not be made or was lost. That the server is away the link says.
constexpr milliseconds pause{1'000};
/// After a server has refused: until its operator has changed that.
constexpr milliseconds long_pause{30'000};
/// How often it is looked whether the server is there, and whether anybody watches.
constexpr milliseconds interval{5'000};
/// Of what a server says of itself, and of names of keys.
constexpr std::size_t most_reply = std::size_t{1} << 20;

/// As a pattern that fits this only.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// Keyspace events of strings, of DEL, and of keys whose time has passed.
bool tells_all(std::string_view flags) {
  const auto has = [flags](char flag) { return flags.find(flag) != std::string_view::npos; };
  return has('K') && (has('A') || (has('$') && has('g') && has('x')));
}

/// Of what is told of a pair: those that say something else than that it is another one, or gone.
bool is_change(std::string_view event) { return event != "expire" && event != "persist"; }

}  // namespace

Listener::Listener(asio::io_context& io, const StoreOptions& options, std::string server, Say say)
    : io_(io), options_(options), server_(std::move(server)), say_(std::move(say)) {}

void Listener::listen_to(std::shared_ptr<Space> space) {
  if (std::ranges::any_of(heard_, [&](const Heard& heard) { return heard.space == space; })) return;
  const std::string before = "__keyspace@" + std::to_string(options_.redis.database) + "__:" + space->pairs();
  const bool first = heard_.empty();
  heard_.push_back({std::move(space), literal(before) + "*", before.size()});
  if (first) look_later();
  if (asked_setting_ && wire_ != nullptr) {
    subscribe(heard_.back());
    wire_->flush();
  } else if (first) {
    dial();
  }
}

void Listener::begin_anew() {
  if (heard_.empty()) return;
  hang_up();
  dial_after(pause);
}

void Listener::stop() noexcept {
  hang_up();
  heard_.clear();
  retry_.cancel();
  look_.cancel();
}

void Listener::hang_up() noexcept {
  if (auto dialer = std::exchange(dialer_, nullptr)) dialer->cancel();
  if (auto wire = std::exchange(wire_, nullptr)) wire->close();
  asked_setting_ = false;
  knows_setting_ = false;
  pinged_.reset();
  for (const Heard& heard : heard_) {
    if (heard.space->hear(false)) heard.space->watches().tell_missed();
  }
}

// ---- To a connection ----

void Listener::dial_after(milliseconds time) {
  retry_.expires_after(time);
  retry_.async_wait([this](const asio::error_code& error) {
    if (!error && !heard_.empty()) dial();
  });
}

void Listener::dial() {
  if (dialer_ != nullptr || wire_ != nullptr) return;
  dialer_ = std::make_shared<Dialer>(io_, options_, most_reply);
  dialer_->start([this](std::optional<Dialed> found, const NoServer&) { dialed(std::move(found)); });
}

void Listener::dialed(std::optional<Dialed> found) {
  const auto dialer = std::exchange(dialer_, nullptr);  // which runs this
  if (!found) return dial_after(pause);
  wire_ = std::move(found->wire);
  wire_->belong_to(*this);
  append_command(wire_->output(), {"CONFIG", "GET", "notify-keyspace-events"});
  wire_->flush();
}

void Listener::take_setting(const Reply& reply) {
  asked_setting_ = true;
  const bool says = reply.is(Reply::Kind::list) && reply.items.size() == 2;
  if (says && !tells_all(reply.items[1].text)) {
    return refused("its notify-keyspace-events is \"" + reply.items[1].text.substr(0, 20) +
                   "\"; expected K$gx, or more");
  }
  knows_setting_ = says;  // a user may be refused to ask for it
  for (const Heard& heard : heard_) subscribe(heard);
  wire_->flush();
}

void Listener::subscribe(const Heard& heard) { append_command(wire_->output(), {"PSUBSCRIBE", heard.pattern}); }

void Listener::refused(const std::string& why) {
  if (!std::exchange(said_, true)) {
    say_(LogLevel::warn, server_ + " does not tell what other processes change: " + why +
                             ". Guests that watch keys there are told of what this process changes only");
  }
  hang_up();
  dial_after(long_pause);
}

void Listener::ended(const std::string&) {
  wire_ = nullptr;
  hang_up();
  dial_after(pause);
}

// ---- What is heard ----

void Listener::replied(Reply reply) {
  if (!asked_setting_) return take_setting(reply);
  if (reply.is(Reply::Kind::error)) return refused("it says " + reply.text.substr(0, 200));
  if (reply.is(Reply::Kind::list) && !reply.items.empty()) take_message(reply);
}

Listener::Heard* Listener::of_pattern(std::string_view pattern) noexcept {
  const auto found = std::ranges::find_if(heard_, [&](const Heard& heard) { return heard.pattern == pattern; });
  return found == heard_.end() ? nullptr : &*found;
}

void Listener::take_message(const Reply& message) {
  const std::string& kind = message.items[0].text;
  if (kind == "pong") return pinged_.reset();
  if (message.items.size() < 3) return;
  const Heard* const heard = of_pattern(message.items[1].text);
  if (heard == nullptr) return;
  if (kind == "psubscribe") {
    if (std::exchange(said_, false)) say_(LogLevel::info, server_ + " tells what other processes change");
    heard->space->hear(knows_setting_);
    heard->space->watches().tell_missed();  // what was changed between the beginning of a watch and now
  } else if (kind == "pmessage" && message.items.size() == 4) {
    const std::string& channel = message.items[2].text;
    if (channel.size() < heard->before || !is_change(message.items[3].text)) return;
    heard->space->watches().tell(std::string_view(channel).substr(heard->before));
  }
}

// ---- From time to time ----

void Listener::look_later() {
  look_.expires_after(std::min(interval, std::max(options_.timeout, milliseconds(10))));
  look_.async_wait([this](const asio::error_code& error) {
    if (!error) look();
  });
}

void Listener::look() {
  std::erase_if(heard_, [this](const Heard& heard) {
    if (heard.space->watches().any()) return false;
    heard.space->hear(false);
    if (wire_ != nullptr && asked_setting_) append_command(wire_->output(), {"PUNSUBSCRIBE", heard.pattern});
    return true;
  });
  if (heard_.empty()) return stop();
  if (wire_ != nullptr && asked_setting_) {
    const auto now = Clock::now();
    if (pinged_ && now - *pinged_ >= options_.timeout) {
      begin_anew();
    } else {
      if (!pinged_) {
        append_command(wire_->output(), {"PING"});
        pinged_ = now;
      }
      wire_->flush();
    }
  }
  look_later();
}

}  // namespace wasm_grpc::store::redis
