// A whole connection: an endpoint with handlers of all four kinds, fed with bytes through a socket, on one thread and
// without waiting for anything, so that the same input does the same again.
//
// Input: one byte of options, one for the size of portions; the rest as script.h says, or raw.
#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "handlers.h"
#include "http2/endpoint.h"
#include "net/listener.h"
#include "require.h"
#include "rpc/timer_queue.h"
#include "script.h"

namespace wasm_grpc::fuzz {
namespace {

/// Small limits, so that small inputs reach them.
ConnectionOptions small_limits() {
  ConnectionOptions settings;
  settings.max_message_size = 4096;
  settings.max_concurrent_streams = 8;
  settings.clients.max_header_list_size = 1024;
  settings.clients.stream_window = 1024;
  settings.clients.max_large_input = 4096;
  settings.clients.reset_burst = 5;
  settings.clients.resets_per_second = 1;
  return settings;
}

class Worker final : public http2::EndpointOwner {
 public:
  void wake() noexcept override { woken = true; }
  void drained() noexcept override { is_drained = true; }
  bool woken = false;
  bool is_drained = false;
};

struct Watch final : net::ListenerWatch {
  void refused(const std::string&) noexcept override {}
  void accept_failed(std::error_code) noexcept override {}
};

/// Follows the frames the server sends.
class FrameReader {
 public:
  void read(std::string_view bytes) {
    while (!bytes.empty()) {
      if (payload_left_ > 0) {
        const std::size_t some = std::min(payload_left_, bytes.size());
        payload_left_ -= some;
        bytes.remove_prefix(some);
        continue;
      }
      head_[filled_++] = static_cast<std::uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (filled_ < head_.size()) continue;
      filled_ = 0;
      payload_left_ = std::size_t{head_[0]} << 16 | std::size_t{head_[1]} << 8 | head_[2];
      require(head_[3] <= 9, "the server sends frames of the types of RFC 9113");
      require((head_[5] & 0x80) == 0, "the reserved bit of stream ids is 0");
    }
  }

 private:
  std::array<std::uint8_t, 9> head_{};
  std::size_t filled_ = 0;
  std::size_t payload_left_ = 0;
};

class Run {
 public:
  Run() : service_(methods_), endpoint_(io_, small_limits(), methods_, timers_, worker_), client_(io_) {
    door_.add(endpoint_);
    require(listener_->open(std::move(net::bind_to(io_, "127.0.0.1:0").value().front()), false).ok(),
            "the endpoint listens");
    client_.connect(listener_->local_endpoint());
    client_.non_blocking(true);
    client_.set_option(asio::ip::tcp::no_delay(true));
    client_.set_option(asio::socket_base::linger(true, 0));  // leaves no socket in TIME_WAIT behind
    work();
    require(endpoint_.counters().connections_accepted == 1, "the connection was accepted");
  }

  ~Run() {
    listener_->close();
    endpoint_.close();
    work();
    require(service_.idle(), "every call has ended");
    require(endpoint_.live_streams() == 0, "no stream is left");
  }

  void expect_frames() { frames_expected_ = true; }

  /// Sends this in portions, and lets the server do what it will after each.
  void say(std::string_view bytes, std::size_t portion) {
    while (!bytes.empty()) {
      asio::error_code error;
      const std::size_t sent = client_.write_some(asio::buffer(bytes.data(), std::min(portion, bytes.size())), error);
      if (error) return;  // closed by the server, or it does not read: so be it
      bytes.remove_prefix(sent);
      work();
    }
  }

  void end_output() {
    asio::error_code ignored;
    client_.shutdown(asio::socket_base::shutdown_send, ignored);
    work();
  }
  void vanish() {
    asio::error_code ignored;
    client_.close(ignored);
    work();
  }
  void drain() {
    listener_->drain();
    endpoint_.drain();
    work();
  }
  /// Every deadline and limit of time passes.
  void let_time_pass() {
    timers_.run_due(rpc::Clock::now() + std::chrono::hours(24 * 365));
    work();
  }

 private:
  /// Until nothing happens any more.
  void work() {
    for (bool active = true; active;) {
      active = io_.poll() > 0;
      if (worker_.woken) {
        worker_.woken = false;
        endpoint_.flush();
        active = true;
      }
      active = listen_to_server() || active;
    }
  }

  bool listen_to_server() {
    if (!client_.is_open()) return false;
    std::array<char, 16 * 1024> buffer;
    asio::error_code error;
    const std::size_t size = client_.read_some(asio::buffer(buffer), error);
    if (size > 0 && frames_expected_) frames_.read({buffer.data(), size});
    return size > 0;
  }

  net::Door door_{0};
  asio::io_context io_{1};
  rpc::MethodTable methods_;
  rpc::TimerQueue timers_;
  Service service_;
  Worker worker_;
  http2::Endpoint endpoint_;
  Watch watch_;
  std::shared_ptr<net::Listener> listener_ = std::make_shared<net::Listener>(io_, door_, watch_);
  asio::ip::tcp::socket client_;
  FrameReader frames_;
  bool frames_expected_ = false;
};

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc::fuzz;
  Input input({data, size});
  const std::uint8_t options = input.byte();
  const std::size_t portion = std::size_t{1} + (options & 1 ? 65535 : input.byte());

  Run run;
  if (options & 2) {
    std::string hello(preface);
    append_frame(hello, 4, 0, 0, "");
    run.expect_frames();
    run.say(hello, hello.size());
  }
  if (options & 4) {
    for (int i = 0; i < 200 && !input.empty(); ++i) {
      std::string next;
      append_next(next, input);
      run.say(next, portion);
      if ((options & 8) && i == 2) run.drain();
    }
  } else {
    run.say(input.rest(), portion);
  }
  if (options & 16) run.let_time_pass();
  if (options & 32) run.end_output();
  if (options & 64) run.vanish();
  return 0;
}
