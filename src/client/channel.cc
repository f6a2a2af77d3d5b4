#include "client/channel.h"

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstdint>
#include <limits>

#include "client/outgoing/connection.h"
#include "client/outgoing/target_channel.h"
#include "client/target.h"
#include "client/tls.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::client {

namespace {

constexpr std::string_view details_key = "grpc-status-details-bin";

std::string where(const Target& target) {
  return target.unix_socket ? "unix:" + target.host : target.host + ":" + target.port;
}

Result<TargetAddress> address_of(const Target& target) {
  if (target.unix_socket && target.host.size() >= 108) {
    return Error{"cannot connect to " + where(target) + ": its path is too long"};
  }
  auto address = parse_target_address(target.unix_socket ? where(target) : target.authority);
  if (address.ok()) address.value().authority = target.authority;
  return address;
}

TargetChannelOptions options_of(const ChannelOptions& options, const Target& target) {
  TargetChannelOptions made;
  made.name = where(target);
  made.tls = {target.tls, options.ca_file, options.certificate_file, options.key_file};
  made.takes_any_certificate = options.insecure_skip_verify;
  made.tls_advice = options.tls_advice;
  made.authority = options.authority;
  made.connect_timeout = options.connect_timeout;
  made.max_message_size = static_cast<std::uint32_t>(
      std::min<std::size_t>(options.max_message_size, std::numeric_limits<std::uint32_t>::max()));
  return made;
}

Metadata metadata_of(const rpc::Metadata& from) {
  Metadata metadata;
  for (const auto [key, value] : from) {
    if (key != details_key) metadata.emplace_back(key, value);
  }
  return metadata;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

class Channel::Loop {
 public:
  [[nodiscard]] ChannelContext context() { return {io_, timers_, output_, nullptr}; }
  void use(std::unique_ptr<rpc::CallTarget> target) { target_ = std::move(target); }

  /// Until there is a connection, or none is to be had.
  [[nodiscard]] Result<> reach(TargetChannel& channel, std::chrono::milliseconds timeout);
  [[nodiscard]] Result<CallEnd> call(const CallOptions& options, const RequestSource& requests,
                                     const CallEvents& events);

 private:
  /// Does what is due, and waits for more: until then, or for what happens first.
  void turn(rpc::Clock::time_point until);
  /// Tells of what has come.
  [[nodiscard]] static Result<> take(rpc::OutgoingCall& call, const CallEvents& events, bool& headers_told);

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  rpc::TimerQueue timers_;
  OutputQueue output_{[] {}};
  std::unique_ptr<rpc::CallTarget> target_;
};

void Channel::Loop::turn(rpc::Clock::time_point until) {
  output_.flush();
  if (const auto timer = timers_.earliest()) until = std::min(until, *timer);
  if (until == rpc::Clock::time_point::max()) {
    io_.run_one();
  } else {
    io_.run_one_until(until);
  }
  io_.poll();
  timers_.run_due(rpc::Clock::now());
}

Result<> Channel::Loop::reach(TargetChannel& channel, std::chrono::milliseconds timeout) {
  const auto give_up = rpc::later(rpc::Clock::now(), timeout);
  while (true) {
    switch (channel.reach()) {
      case TargetChannel::Reached::yes:
        return success();
      case TargetChannel::Reached::no:
        return Error{channel.last_failure()};
      case TargetChannel::Reached::not_yet:
        break;
    }
    if (rpc::Clock::now() >= give_up) {
      return Error{"no connection within " + std::to_string(timeout.count()) + " ms"};
    }
    turn(give_up);
  }
}

Result<> Channel::Loop::take(rpc::OutgoingCall& call, const CallEvents& events, bool& headers_told) {
  if (call.has_headers() && !std::exchange(headers_told, true) && events.headers) {
    events.headers(metadata_of(call.headers()));
  }
  while (const auto message = call.message()) {
    if (auto told = events.message(text_of(*message)); !told.ok()) return told;
    call.pop_message();
  }
  return success();
}

Result<CallEnd> Channel::Loop::call(const CallOptions& options, const RequestSource& requests,
                                    const CallEvents& events) {
  rpc::Metadata metadata;
  for (const auto& [key, value] : options.metadata) metadata.add(key, value);
  const auto deadline = options.deadline ? rpc::later(rpc::Clock::now(), *options.deadline) : rpc::Request::no_deadline;
  rpc::OutgoingCallPtr call = target_->begin({.path = options.path,
                                              .kind = options.kind,
                                              .deadline = deadline,
                                              .metadata = metadata,
                                              .encoding = options.encoding});
  Result<> given_up = success();
  bool headers_told = false;
  {
    const std::stop_callback waker(options.stop, [this] { asio::post(io_, [] {}); });
    RequestFeed feed(io_, requests, !rpc::streams_requests(options.kind));
    while (true) {
      given_up = feed.send_to(*call);
      if (given_up.ok()) given_up = take(*call, events, headers_told);
      if (!given_up.ok() || call->ended()) break;
      if (options.stop.stop_requested()) call->cancel({rpc::StatusCode::cancelled, "the call was given up"});
      if (!call->ended()) turn(rpc::Clock::time_point::max());
    }
  }
  Result<CallEnd> end = CallEnd{};
  if (given_up.ok()) {
    const rpc::Metadata& trailers = call->trailers();
    end = CallEnd{call->status(), metadata_of(trailers), std::string(trailers.get(details_key).value_or(""))};
  } else {
    end = std::move(given_up).error();
  }
  call.reset();
  output_.flush();  // the server is told that nobody wants it, where that is so
  io_.poll();
  return end;
}

Channel::Channel(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::connect(const ChannelOptions& options) {
  const auto target = parse_target(options.address, options.tls);
  if (!target.ok()) return target.error();
  auto address = address_of(target.value());
  if (!address.ok()) return std::move(address).error();
  if (target.value().tls) {  // what is wrong with the files is said by what they are called here
    const auto files = make_tls_context({options.ca_file, options.certificate_file, options.key_file},
                                        {"--tls-ca", "--tls-cert", "--tls-key"});
    if (!files.ok()) return files.error();
  }
  auto loop = std::make_unique<Loop>();
  if (options.other_target) {
    auto other = options.other_target(loop->context());
    if (!other.ok()) return std::move(other).error();
    loop->use(std::move(other).value());
    return std::unique_ptr<Channel>(new Channel(std::move(loop)));
  }
  auto made =
      std::make_unique<TargetChannel>(loop->context(), options_of(options, target.value()), std::move(address).value());
  TargetChannel& channel = *made;
  loop->use(std::move(made));
  if (auto reached = loop->reach(channel, options.connect_timeout); !reached.ok()) {
    const std::string& why = reached.error().message;
    const std::string to = where(target.value());
    const bool says_where = why.starts_with(to + ": ");
    return Error{"cannot connect to " + (says_where ? why : to + ": " + why)};
  }
  return std::unique_ptr<Channel>(new Channel(std::move(loop)));
}

Result<CallEnd> Channel::call(const CallOptions& options, const RequestSource& requests, const CallEvents& events) {
  return loop_->call(options, requests, events);
}

RequestSource source_of(std::vector<std::string> messages) {
  return [messages = std::move(messages),
          next = std::size_t{0}](const std::stop_token&) mutable -> Result<std::optional<std::string>> {
    if (next == messages.size()) return std::optional<std::string>();
    return std::optional(messages[next++]);
  };
}

}  // namespace wasm_grpc::client
