#include "admin/loop.h"

#include <pthread.h>

#include <asio/post.hpp>
#include <utility>

#include "http2/session/output_budget.h"
#include "wasm/thread_signals.h"

namespace wasm_grpc::admin {

namespace {

// Who watches health, or polls, stays; who says nothing for minutes goes.
ConnectionOptions settings() {
  ConnectionOptions settings;
  settings.max_message_size = std::size_t{64} << 10;
  settings.max_concurrent_streams = 16;
  settings.max_connection_idle = std::chrono::minutes(5);
  settings.clients.max_connections = Loop::max_connections;
  settings.clients.request_idle_timeout = std::chrono::seconds(10);
  settings.clients.stall_timeout = std::chrono::seconds(30);
  return settings;
}

// Of answers that nobody reads, of all connections.
constexpr std::uint64_t max_unread_output = std::uint64_t{64} << 20;

}  // namespace

Loop::Loop(const observe::Log& log)
    : lines_(log),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_),
      timers_([this] {
        if (!in_turn_) arm_timer();
      }),
      endpoint_(io_, settings(), methods_, timers_, *this) {
  endpoint_.use_output_budget(std::make_shared<http2::OutputBudget>(max_unread_output),
                              [this](std::function<void()> function) { post({}, std::move(function)); });
  door_.add(endpoint_);
}

Loop::~Loop() { stop(); }

Result<> Loop::add(std::string_view path, rpc::MethodKind kind, std::unique_ptr<rpc::Handler> handler) {
  auto added = methods_.add({std::string(path), kind, handler.get()});
  if (added.ok()) handlers_.push_back(std::move(handler));
  return added;
}

Result<std::vector<std::string>> Loop::listen(const net::ListenAddress& address) {
  net::ListenerWatch& watch = *this;
  auto opened = net::listen_on(io_, address, [&] { return std::make_shared<net::Listener>(io_, door_, watch); });
  if (!opened.ok()) return std::move(opened).error();
  std::vector<std::string> addresses;
  for (const auto& listener : opened.value()) addresses.push_back(listener->address());
  listeners_.insert(listeners_.end(), opened.value().begin(), opened.value().end());
  return addresses;
}

void Loop::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "admin");
    wasm::block_signals();
    io_.run();
  });
}

void Loop::post(std::chrono::milliseconds after, std::function<void()> function) {
  asio::post(io_, [this, after, function = std::move(function)]() mutable {
    if (after.count() == 0) return function();
    auto timer = std::make_shared<asio::steady_timer>(io_, after);
    timer->async_wait([timer, function = std::move(function)](const asio::error_code& error) {
      if (!error) function();
    });
  });
}

void Loop::stop() noexcept {
  const auto close = [this] {
    for (const auto& listener : listeners_) listener->close();
    endpoint_.close();
    timer_.cancel();
    work_.reset();
    io_.stop();
  };
  if (!thread_.joinable()) {
    close();
    return;
  }
  asio::post(io_, close);
  thread_.join();
}

void Loop::wake() noexcept {
  if (std::exchange(turn_posted_, true)) return;
  asio::post(io_, [this] { turn(); });
}

void Loop::turn() noexcept {
  turn_posted_ = false;
  in_turn_ = true;
  timers_.run_due(rpc::Clock::now());
  endpoint_.flush();
  in_turn_ = false;
  arm_timer();
}

void Loop::arm_timer() {
  const auto earliest = timers_.earliest();
  if (!earliest || *earliest >= timer_time_) return;
  timer_time_ = *earliest;
  timer_.expires_at(timer_time_);
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    timer_time_ = rpc::Clock::time_point::max();
    wake();
  });
}

void Loop::refused(const std::string& peer) noexcept {
  if (!lines_.admits()) return;
  lines_.write(LogLevel::warn, "host",
               "refused the connection of " + peer + " to the admin address: it has the " +
                   std::to_string(max_connections) + " that it may have");
}

void Loop::accept_failed(std::error_code error) noexcept {
  if (!lines_.admits()) return;
  lines_.write(LogLevel::error, "host", "cannot accept connections at the admin address: " + error.message());
}

}  // namespace wasm_grpc::admin
