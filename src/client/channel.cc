#include "client/channel.h"

#include <nghttp2/nghttp2.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "client/call_state.h"
#include "client/stream_io.h"
#include "client/target.h"

namespace wasm_grpc::client {

namespace {

struct SessionDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};

/// Bytes of requests that wait to be sent before the source is asked for more.
constexpr std::size_t most_waiting = std::size_t{1} << 20;
constexpr std::int32_t window = 1 << 24;

}  // namespace

class Channel::Connection {
 public:
  Connection(const ChannelOptions& options, Target target) : options_(options), target_(std::move(target)) {}

  Result<> open();
  Result<CallEnd> call(const CallOptions& options, const RequestSource& requests, const CallEvents& events);

 private:
  /// Asks the source for messages, on a thread of its own, until it has no more or the call has ended.
  void feed(const std::stop_token& stop, const RequestSource& requests, bool one_request, CallState& call);
  void read();
  void flush();
  void lost(const std::string& why);

  static CallState* of(nghttp2_session* session, std::int32_t stream) {
    return static_cast<CallState*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  ChannelOptions options_;
  Target target_;
  asio::io_context io_{1};
  std::unique_ptr<StreamIo> stream_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::array<std::uint8_t, 16 * 1024> input_{};
  std::string output_;
  bool writing_ = false;
  std::string lost_;  // why there is no connection any more
  CallState* call_ = nullptr;

  std::mutex feed_mutex_;
  std::condition_variable_any feed_more_;
  std::size_t feed_waiting_ = 0;
};

Result<> Channel::Connection::open() {
  auto connected = StreamIo::connect(io_, target_, options_);
  if (!connected.ok()) return std::move(connected).error();
  stream_ = std::move(connected).value();

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t, void*) {
        if (CallState* call = of(session, frame->hd.stream_id)) {
          call->field({reinterpret_cast<const char*>(name), name_size},
                      {reinterpret_cast<const char*>(value), value_size});
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, void*) {
        CallState* call = of(session, frame->hd.stream_id);
        if (call == nullptr || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)) return 0;
        const bool end_of_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_HEADERS) call->fields_end(end_of_stream);
        if (end_of_stream) call->closed(NGHTTP2_NO_ERROR);  // whether or not there are more requests
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                    std::size_t size, void*) {
        if (CallState* call = of(session, stream)) call->data({reinterpret_cast<const char*>(data), size});
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session* session, std::int32_t stream, std::uint32_t error_code, void*) {
        if (CallState* call = of(session, stream)) call->closed(error_code);
        return 0;
      });
  nghttp2_session* session = nullptr;
  const int made = nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return Error{"out of memory"};
  session_.reset(session);
  const std::array<nghttp2_settings_entry, 2> settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window);
  read();
  return success();
}

Result<CallEnd> Channel::Connection::call(const CallOptions& options, const RequestSource& requests,
                                          const CallEvents& events) {
  CallState call(options, events, options_.max_message_size);
  if (!lost_.empty()) call.end({rpc::StatusCode::unavailable, lost_});
  const std::string& authority = options_.authority.empty() ? target_.authority : options_.authority;
  if (!call.ended() && !call.open(session_.get(), target_.tls ? "https" : "http", authority)) {
    call.end({rpc::StatusCode::unavailable, "the connection takes no more calls"});
  }
  asio::steady_timer timer(io_);
  if (options.deadline) {
    timer.expires_after(*options.deadline);
    timer.async_wait([&call](const asio::error_code& error) {
      if (!error) call.end({rpc::StatusCode::deadline_exceeded, "the deadline has passed"});
    });
  }
  call_ = &call;
  feed_waiting_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> stopper;
  stopper.emplace(options.stop, [this, &call] {
    asio::post(io_, [this, &call] {
      if (call_ == &call) call.end({rpc::StatusCode::cancelled, "the call was given up"});
    });
  });
  std::jthread feeder([&](const std::stop_token& stop) { feed(stop, requests, options.one_request, call); });
  flush();
  io_.restart();
  while (!call.ended() && io_.run_one() > 0) {
  }
  if (!call.ended()) call.end({rpc::StatusCode::internal, "the connection has nothing more to do"});
  call_ = nullptr;
  timer.cancel();
  if (nghttp2_session_find_stream(session_.get(), call.stream()) != nullptr) {  // ended before the server did
    nghttp2_session_set_stream_user_data(session_.get(), call.stream(), nullptr);
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, call.stream(), NGHTTP2_CANCEL);
    flush();
  }
  feeder.request_stop();
  feeder.join();
  stopper.reset();
  io_.restart();
  io_.poll();  // what these and the timer left, which refers to this call
  return call.result();
}

void Channel::Connection::feed(const std::stop_token& stop, const RequestSource& requests, bool one_request,
                               CallState& call) {
  bool more = true;
  std::optional<std::string> only;
  while (more) {
    {
      std::unique_lock lock(feed_mutex_);
      if (!feed_more_.wait(lock, stop, [&] { return feed_waiting_ < most_waiting; })) return;
    }
    auto next = requests(stop);
    if (stop.stop_requested()) return;
    more = next.ok() && next.value().has_value();
    if (more && one_request) {
      only = std::move(next).value();
      continue;
    }
    const std::size_t size = more ? next.value()->size() + 1 : 0;
    {
      const std::lock_guard lock(feed_mutex_);
      feed_waiting_ += size;
    }
    asio::post(io_, [this, &call, only = std::move(only), next = std::move(next)]() mutable {
      if (call_ != &call) return;
      if (!next.ok()) {
        call.give_up(std::move(next).error());
      } else {
        if (only) call.add_request(session_.get(), std::move(only));
        call.add_request(session_.get(), std::move(next).value());
        flush();
      }
    });
  }
}

void Channel::Connection::read() {
  stream_->read(asio::buffer(input_), [this](const asio::error_code& error, std::size_t size) {
    if (error) return lost("the server closed the connection: " + error.message());
    const ssize_t taken = nghttp2_session_mem_recv(session_.get(), input_.data(), size);
    if (taken < 0) return lost(std::string("this is no HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
    flush();
    read();
  });
}

void Channel::Connection::flush() {
  if (writing_ || !lost_.empty()) return;
  constexpr std::size_t enough = 256 * 1024;
  output_.clear();
  while (output_.size() < enough) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) return lost(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(size)));
    if (size == 0) break;
    output_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  if (call_ != nullptr) {
    const std::lock_guard lock(feed_mutex_);
    feed_waiting_ = call_->waiting();
    feed_more_.notify_all();
  }
  if (output_.empty()) return;
  writing_ = true;
  stream_->write(asio::buffer(output_), [this](const asio::error_code& error, std::size_t) {
    writing_ = false;
    // A server that ends the connection may have answered before: what it sent is read first.
    if (!error) flush();
  });
}

void Channel::Connection::lost(const std::string& why) {
  lost_ = why;
  if (call_ != nullptr) call_->end({rpc::StatusCode::unavailable, why});
}

Channel::Channel(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::connect(const ChannelOptions& options) {
  auto target = parse_target(options.address, options.tls);
  if (!target.ok()) return std::move(target).error();
  auto connection = std::make_unique<Connection>(options, std::move(target).value());
  if (auto opened = connection->open(); !opened.ok()) return std::move(opened).error();
  return std::unique_ptr<Channel>(new Channel(std::move(connection)));
}

Result<CallEnd> Channel::call(const CallOptions& options, const RequestSource& requests, const CallEvents& events) {
  return connection_->call(options, requests, events);
}

RequestSource source_of(std::vector<std::string> messages) {
  return [messages = std::move(messages),
          next = std::size_t{0}](const std::stop_token&) mutable -> Result<std::optional<std::string>> {
    if (next == messages.size()) return std::optional<std::string>();
    return std::optional(messages[next++]);
  };
}

}  // namespace wasm_grpc::client
