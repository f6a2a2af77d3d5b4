#include "store/redis/dialer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "client/outgoing/targets.h"
#include "client/target.h"
#include "store/redis/command.h"
#include "store/redis/space.h"

namespace wasm_grpc::store::redis {

namespace {

/// The layout of keys that this version reads and writes: what "PREFIX:layout" has.
constexpr std::int64_t layout_version = 1;
constexpr std::int64_t least_version = 6;

/// A line "NAME:VALUE" of what INFO answers.
std::string_view field(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; (at = info.find(name, at)) != std::string_view::npos; at += name.size()) {
    const std::string_view rest = info.substr(at + name.size());
    if ((at == 0 || info[at - 1] == '\n') && rest.starts_with(':'))
      return rest.substr(1, rest.find_first_of("\r\n") - 1);
  }
  return {};
}

std::int64_t leading_number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_of_credentials(const Reply& reply) {
  const auto begins = [&](std::string_view word) { return reply.is_error(word); };
  return begins("WRONGPASS") || begins("NOAUTH") || begins("NOPERM") || reply.text.find("AUTH") != std::string::npos ||
         reply.text.find("invalid password") != std::string::npos;
}

}  // namespace

Dialer::Dialer(asio::io_context& io, const StoreOptions& options, std::size_t max_reply)
    : io_(io),
      options_(options),
      max_reply_(max_reply),
      addresses_(options.redis.addresses.begin(), options.redis.addresses.end()),
      lookup_(io),
      limit_(io) {}

void Dialer::start(Done done) {
  done_ = std::move(done);
  try_next();
}

void Dialer::cancel() noexcept {
  done_ = nullptr;
  finish(std::nullopt);
}

// ---- To a connection ----

void Dialer::try_next() {
  if (done_ == nullptr) return;
  if (addresses_.empty()) return finish(std::nullopt);
  address_ = std::move(addresses_.front());
  addresses_.pop_front();
  limit_.expires_after(options_.timeout);
  limit_.async_wait([self = shared_from_this(), one = ++tries_](const asio::error_code& error) {
    if (!error && one == self->tries_)
      self->failed("no answer within " + std::to_string(self->options_.timeout.count()) + " ms");
  });
  const auto address = client::parse_target_address(address_);
  if (!address.ok()) return failed(address.error().message);
  if (!address.value().host.empty()) return resolve(address.value());
  connect(address.value().endpoints, std::string(client::host_of_authority(address.value().authority)));
}

void Dialer::resolve(const client::TargetAddress& address) {
  lookup_.start(address.host, address.port,
                [self = shared_from_this(), host = address.host](const asio::error_code& error,
                                                                 const client::NameLookup::Addresses& addresses) {
                  if (error) return self->failed(error.message());
                  self->connect(std::vector<client::Endpoint>(addresses.begin(), addresses.end()), host);
                });
}

void Dialer::connect(std::vector<client::Endpoint> endpoints, const std::string& name) {
  const RedisOptions& redis = options_.redis;
  connector_ = std::make_shared<client::Connector>(
      io_, std::move(endpoints), client::has_tls(redis.tls) ? &redis.tls : nullptr,
      redis.tls_name.empty() ? name : redis.tls_name, options_.timeout, client::Connector::Speaks::other);
  connector_->start([self = shared_from_this(), one = tries_](Result<client::Transport> made) {
    if (one != self->tries_) return;
    self->connector_ = nullptr;
    if (!made.ok()) return self->failed(made.error().message);
    self->connected(std::move(made).value());
  });
}

void Dialer::connected(client::Transport transport) {
  wire_ = std::make_shared<Wire>(std::move(transport), address_, max_reply_);
  const bool sentinel = !options_.redis.sentinel.empty() && !is_master_;
  if (sentinel) {
    ask_sentinel();
  } else {
    ask_server();
  }
  wire_->flush();
  wire_->start();
}

void Dialer::ask(std::size_t replies, void (Dialer::*then)()) {
  replies_.clear();
  expected_ = replies;
  then_ = then;
  wire_->belong_to(*this);
}

void Dialer::replied(Reply reply) {
  const auto self = shared_from_this();  // what follows may be the end of it
  replies_.push_back(std::move(reply));
  if (replies_.size() == expected_) (this->*then_)();
}

const std::string& Dialer::login(std::string_view name) const {
  static const std::string none;
  const auto& all = options_.redis.login;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == name; });
  return found == all.end() ? none : found->second;
}

void Dialer::log_in(const std::string& user, const std::string& password) {
  if (user.empty() && password.empty()) {
    append_command(wire_->output(), {"PING"});
  } else if (user.empty()) {
    append_command(wire_->output(), {"AUTH", password});
  } else {
    append_command(wire_->output(), {"AUTH", user, password});
  }
}

// ---- Sentinels ----

void Dialer::ask_sentinel() {
  ask(2, &Dialer::sentinel_answered);
  log_in(login("sentinel-user"), login("sentinel-password"));
  append_command(wire_->output(), {"SENTINEL", "get-master-addr-by-name", options_.redis.sentinel});
}

void Dialer::sentinel_answered() {
  for (const Reply& reply : replies_) {
    if (reply.is(Reply::Kind::error)) return failed(reply.text.substr(0, 200), is_of_credentials(reply));
  }
  const Reply& master = replies_[1];
  if (master.is(Reply::Kind::nothing)) {
    return failed("the sentinel knows no master " + options_.redis.sentinel);
  }
  if (!master.is(Reply::Kind::list) || master.items.size() != 2)
    return failed("the sentinel answers what is no address");
  const std::string& host = master.items[0].text;
  const bool bare_v6 = host.find(':') != std::string::npos;
  addresses_.push_front((bare_v6 ? "[" + host + "]" : host) + ":" + master.items[1].text);
  std::exchange(wire_, nullptr)->close();
  is_master_ = true;
  try_next();
}

// ---- The server ----

void Dialer::ask_server() {
  constexpr std::size_t before_scripts = 5;
  ask(before_scripts + script_count, &Dialer::server_answered);
  std::string& output = wire_->output();
  const std::string layout = options_.redis.prefix + separator + "layout";
  log_in(login("user"), login("password"));
  append_command(output, {"SELECT", std::to_string(options_.redis.database)});
  append_command(output, {"INFO"});
  append_command(output, {"SETNX", layout, std::to_string(layout_version)});
  append_command(output, {"GET", layout});
  for (std::size_t i = 0; i < script_count; ++i) {
    append_command(output, {"SCRIPT", "LOAD", text_of(static_cast<Script>(i))});
  }
}

std::optional<NoServer> Dialer::unfit(std::string_view info) const {
  if (field(info, "cluster_enabled") == "1") {
    return NoServer{"it is part of a cluster, which is not supported: name a server of its own, or sentinels", true};
  }
  const std::string_view version = field(info, "redis_version");
  if (!version.empty() && leading_number(version) < least_version) {
    return NoServer{"it is version " + std::string(version.substr(0, 20)) + "; expected 6 or newer", true};
  }
  if (field(info, "role") == "slave") return NoServer{"it is a replica, which takes no changes", false};
  if (field(info, "maxmemory_policy").starts_with("allkeys-") && field(info, "maxmemory") != "0") {
    return NoServer{"it gives pairs up when its memory is full (maxmemory-policy " +
                        std::string(field(info, "maxmemory_policy").substr(0, 32)) + "); set noeviction there",
                    true};
  }
  return std::nullopt;
}

void Dialer::server_answered() {
  const auto refused = [&](const Reply& reply) { failed(reply.text.substr(0, 200), is_of_credentials(reply)); };
  const Reply& logged_in = replies_[0];
  if (logged_in.is(Reply::Kind::error)) return refused(logged_in);
  const Reply& selected = replies_[1];
  if (selected.is(Reply::Kind::error)) {
    return failed("database " + std::to_string(options_.redis.database) + ": " + selected.text.substr(0, 200),
                  !selected.is_error("LOADING"));
  }
  // A user may be refused to ask for it.
  const Reply& info = replies_[2];
  if (info.is_error("LOADING")) return refused(info);
  if (auto why = unfit(info.text)) return failed(why->why, why->for_good);
  // Where its memory is full nothing was laid out yet, or it was before.
  const Reply& laid_out = replies_[3];
  if (laid_out.is(Reply::Kind::error) && !laid_out.is_error("OOM")) return refused(laid_out);
  const Reply& layout = replies_[4];
  if (layout.is(Reply::Kind::error)) return refused(layout);
  if (!layout.is(Reply::Kind::nothing) && leading_number(layout.text) != layout_version) {
    return failed("its keys were laid out by a newer wasm-grpc: they have the layout " + layout.text.substr(0, 20) +
                      ", and this version knows " + std::to_string(layout_version) + "; name another prefix",
                  true);
  }
  Dialed dialed;
  for (std::size_t i = 0; i < script_count; ++i) {
    Reply& told = replies_[replies_.size() - script_count + i];
    if (told.is(Reply::Kind::error)) return refused(told);
    dialed.digests[i] = std::move(told.text);
  }
  dialed.wire = std::exchange(wire_, nullptr);
  finish(std::move(dialed));
}

// ---- The end ----

void Dialer::failed(const std::string& why, bool for_good) {
  ++tries_;
  limit_.cancel();
  lookup_.cancel();
  if (auto connector = std::exchange(connector_, nullptr)) connector->cancel();
  if (auto wire = std::exchange(wire_, nullptr)) wire->close();
  why_.why += (why_.why.empty() ? "" : "; ") + (address_ + ": ") + why;
  why_.for_good = why_.for_good || for_good;
  is_master_ = false;
  try_next();
}

void Dialer::finish(std::optional<Dialed> dialed) {
  ++tries_;
  limit_.cancel();
  lookup_.cancel();
  if (auto connector = std::exchange(connector_, nullptr)) connector->cancel();
  if (auto wire = std::exchange(wire_, nullptr)) wire->close();
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(dialed), why_);
}

}  // namespace wasm_grpc::store::redis
