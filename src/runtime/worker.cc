#include "runtime/worker.h"

#include <pthread.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <system_error>

#include "wasm/thread_signals.h"

namespace wasm_grpc::runtime {

Worker::Worker(const ServerOptions& options, InstanceBudget& budget, wasm::EpochTicker& ticker, const observe::Log& log,
               LoanExchange* exchange, unsigned index)
    : index_(index),
      workers_(exchange == nullptr ? 1 : static_cast<unsigned>(exchange->desks().size())),
      ended_lines_(log),
      timed_out_lines_(log),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_),
      drain_timer_(io_),
      timers_([this] {
        if (!in_turn_) arm_timer();
      }),
      activity_(ticker),
      scheduler_([this] { wake_turn(); }, &ticker.ticks(), options.guests.time_slice),
      post_([this](std::function<void()> function) { post_from_anywhere(std::move(function)); }),
      slice_(options.guests.time_slice),
      codecs_([this] { wake_turn(); }),
      outgoing_({io_, timers_, budget, log, [this] { wake_turn(); }, options.max_message_size}, options.targets),
      calls_(guest_context()),
      parts_(methods_,
             {PoolContext{budget, timers_, hosts_, post_}, guest_context(), calls_, nullptr, index, workers_}),
      endpoint_(io_, options, methods_, timers_, *this, &codecs_) {
  endpoint_.use_call_numbers(index + 1, workers_);
  outgoing_.local().use_clock([this] { return clock_.end(); });
  outgoing_.local().use_call_numbers([this] { return endpoint_.take_call_number(); });
  if (exchange == nullptr) return;
  loans_ = std::make_unique<Loans>(*exchange, index, parts_, options.max_message_size, &codecs_);
  parts_.share(*loans_);
  if (options.share_work) calls_.share(*loans_);
}

Worker::~Worker() {
  stop_now();
  join();
  endpoint_.close();
  abandon_calls();
  outgoing_.close();
  host_waits_.close();
  if (loans_ != nullptr) loans_->close();
}

Result<> Worker::add_method(std::string_view path, rpc::MethodKind kind, std::unique_ptr<rpc::Handler> handler,
                            rpc::MessageFormats formats) {
  rpc::MethodMeter* const meter = meters_ == nullptr ? nullptr : &meters_->open(index_, path, kind, "host");
  if (auto added = methods_.add({std::string(path), kind, handler.get(), formats, meter}); !added.ok()) {
    if (meters_ != nullptr) meters_->close(path);
    return added;
  }
  handlers_.push_back(std::move(handler));
  return success();
}

void Worker::serve(const Generation& generation, std::span<const std::shared_ptr<Retirement>> retired,
                   std::span<const std::shared_ptr<const GuestModule>> served) {
  parts_.exchange(retired, served);
  for (const std::string_view name : outgoing_.modules()) {
    const auto is_it = [&](const auto& module) { return module->name() == name; };
    const auto found = std::ranges::find_if(generation.modules, is_it);
    outgoing_.serve(name, found == generation.modules.end() ? std::span<const rpc::Method* const>()
                                                            : parts_.of(*(*found)->guest).methods());
  }
  catalog_ = generation.catalog;
  openapi_ = generation.openapi;
  // Counted by this worker alone: its calls keep the facades, and all workers would write one count.
  const facade::Facades& facades = *generation.facades;
  endpoint_.use_facades({&facades, [kept = generation.facades](const facade::Facades*) {}});
}

std::shared_ptr<net::Listener> Worker::make_listener(net::Door& door, const net::Networks& proxies) {
  net::ListenerWatch& watch = *this;
  return std::make_shared<net::Listener>(io_, door, watch, proxies);
}

// The loop of a worker that waits elsewhere does not see what is posted.
template <typename Function>
void Worker::post_from_anywhere(Function function) {
  asio::post(io_, std::move(function));
  if (events_ != nullptr) events_->wake();
}

void Worker::post(std::chrono::milliseconds after, std::function<void()> function) {
  post_from_anywhere([this, after, function = std::move(function)]() mutable {
    if (after.count() == 0) return function();
    auto timer = std::make_shared<asio::steady_timer>(io_, after);
    note_time(timer->expiry());
    timer->async_wait([timer, function = std::move(function)](const asio::error_code& error) {
      if (!error) function();
    });
  });
}

void Worker::start() {
  host_waits_.open([this] { post_from_anywhere([this] { host_waits_.deliver(); }); });
  if (loans_ != nullptr) {
    loans_->open([this] {
      post_from_anywhere([this] {
        loans_->deliver();
        finish_unless_taken();
      });
    });
  }
  thread_ = std::thread([this] {
    id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
    wasm::block_signals();
    parts_.top_up();
    run_loop();
    ended_.store(true, std::memory_order_release);
  });
}

void Worker::run_loop() {
  if (events_ != nullptr) {
    run_with_events();
    return;
  }
  if (loans_ == nullptr) {
    io_.run();
    return;
  }
  while (!io_.stopped()) {
    io_.poll();
    loans_->idle();
    io_.run_one();
  }
}

// Asio has posts and timers only, and is looked at between waits. One turn at most: while guests have more to run, the
// next is posted in each, and what comes from outside is not to wait for their end.
void Worker::run_with_events() {
  while (!io_.stopped()) {
    forget_past_times();
    const auto turns = turns_;
    bool more = false;
    while (!more && io_.poll_one() > 0) more = turn_posted_ && turns_ != turns;
    if (io_.stopped()) return;
    if (!more && loans_ != nullptr) loans_->idle();
    const auto until = other_times_.empty() ? timer_time_ : std::min(timer_time_, other_times_.top());
    const bool came = events_->wait(more ? rpc::Clock::time_point::min() : until);
    if (came && loans_ != nullptr) loans_->own_work();
  }
}

// Before Asio is looked at, which then sees that they have passed.
void Worker::forget_past_times() {
  if (other_times_.empty()) return;
  const auto now = rpc::Clock::now();
  while (!other_times_.empty() && other_times_.top() <= now) other_times_.pop();
}

void Worker::note_time(rpc::Clock::time_point time) {
  constexpr auto asio_is_late_by = std::chrono::milliseconds(1);
  if (events_ != nullptr) other_times_.push(time + asio_is_late_by);
}

void Worker::add_counters(ServerCounters& total) const {
  const http2::Counters& http2 = endpoint_.counters();
  total.connections_accepted += http2.connections_accepted;
  total.connections_open += http2.connections_open;
  total.connections_refused += http2.connections_refused;
  for (std::size_t i = 0; i < http2::end_reasons; ++i) total.connections_ended[i].count += http2.connections_ended[i];
  total.calls_started += http2.calls_started;
  total.calls_refused += http2.calls_refused;
  total.calls_over_time += http2.calls_over_time;
  total.calls_idle += http2.calls_idle;
  total.metadata_dropped += http2.metadata_dropped;
  total.forwarded_certificates_dropped += http2.forwarded_certificates_dropped;
  for (std::size_t i = 0; i < total.calls_ended.size(); ++i) total.calls_ended[i] += http2.calls_ended[i];
  total.bytes_read += http2.bytes_read;
  total.bytes_written += http2.bytes_written;
  ModuleParts::Totals totals;
  for (ModuleCounters& module : total.modules) totals.emplace(module.name, &module);
  parts_.add_counters(totals);
}

std::array<std::uint64_t, rpc::max_status_code + 1> Worker::calls_ended() const noexcept {
  std::array<std::uint64_t, rpc::max_status_code + 1> ended{};
  for (std::size_t i = 0; i < ended.size(); ++i) ended[i] = endpoint_.counters().calls_ended[i];
  return ended;
}

void Worker::drain(std::chrono::milliseconds timeout) {
  post_from_anywhere([this, timeout] {
    drain_timer_.expires_after(timeout);
    drain_timer_.async_wait([this](const asio::error_code& error) {
      if (!error) finish();
    });
    endpoint_.drain();
  });
}

void Worker::stop_now() {
  post_from_anywhere([this] { finish(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::wake() noexcept {
  if (loans_ != nullptr) loans_->own_work();
  wake_turn();
}

void Worker::wake_turn() noexcept {
  if (in_turn_) {  // a turn sends what it made, and looks for more at its end
    woken_in_turn_ = true;
    return;
  }
  if (turn_posted_) return;
  turn_posted_ = true;
  asio::post(io_, [this] { run_turn(); });
}

// What Asio finds at the sockets it queues behind what is posted: a turn posted at once would run before the requests
// that came in during the last one, and they would wait for one slice more.
void Worker::wake_after_io() noexcept {
  if (turn_posted_) return;
  turn_posted_ = true;
  asio::post(io_, [this] { asio::post(io_, [this] { run_turn(); }); });
}

void Worker::drained() noexcept {
  // Not from inside the endpoint: it is still at work when it says so.
  asio::post(io_, [this] {
    drained_ = true;
    if (loans_ != nullptr) loans_->drained();
    finish_unless_taken();
  });
}

// Once it is drained; but what other workers lend is served to its end, and guests are told of theirs.
void Worker::finish_unless_taken() noexcept {
  if (!drained_ || (loans_ != nullptr && !loans_->has_returned_all())) return;
  if (parts_.end_all_hubs()) finish();
}

void Worker::connection_ended(http2::EndReason reason, std::string_view peer, std::string_view detail) noexcept {
  if (!ended_lines_.admits()) return;
  std::string text = "ended the connection of ";
  text.append(peer).append(": ").append(http2::name(reason)).append(" (").append(detail).append(")");
  ended_lines_.write(http2::is_attack(reason) ? LogLevel::warn : LogLevel::info, "host", std::move(text));
}

void Worker::call_ended(const rpc::Method& method, std::string_view peer, std::string_view why) noexcept {
  if (!timed_out_lines_.admits()) return;
  std::string text = "ended a call of ";
  text.append(method.path).append(" from ").append(peer).append(": ").append(why);
  timed_out_lines_.write(LogLevel::info, "host", std::move(text));
}

void Worker::refused(const std::string& peer) noexcept {
  endpoint_.note_refused(peer, "the server has as many as it may have");
}

void Worker::accept_failed(std::error_code error) noexcept {
  if (!ended_lines_.admits()) return;
  std::string text =
      "cannot accept connections: " + error.message() + "; those that are open are served, new ones wait";
  if (error.value() == EMFILE) text += "; raise the limit of open files (`ulimit -n`)";
  ended_lines_.write(LogLevel::error, "host", std::move(text));
}

void Worker::abandon_calls() noexcept {
  calls_.abandon_all();
  parts_.abandon_hubs();
}

// Guests whose calls were just cut off hear of it, as of any other end.
void Worker::run_last_slices() noexcept {
  constexpr std::chrono::milliseconds most{50};
  const auto give_up = rpc::Clock::now() + most;
  in_turn_ = true;
  activity_.enter();
  while (!scheduler_.empty() && rpc::Clock::now() < give_up) {
    clock_.begin_turn(rpc::Clock::now());
    if (scheduler_.run_ready()) scheduler_.run_shared();
  }
  activity_.leave();
  in_turn_ = false;
}

void Worker::finish() noexcept {
  endpoint_.close();
  if (!in_turn_) run_last_slices();
  abandon_calls();
  outgoing_.close();
  host_waits_.close();
  if (loans_ != nullptr) loans_->close();
  drain_timer_.cancel();
  timer_.cancel();
  work_.reset();
  io_.stop();
}

void Worker::run_turn() noexcept {
  turn_posted_ = false;
  ++turns_;
  in_turn_ = true;
  const auto now = rpc::Clock::now();
  clock_.begin_turn(timers_.run_due(now) == 0 ? now : rpc::Clock::now());
  if (!scheduler_.empty()) {
    activity_.enter();
    if (scheduler_.run_ready()) {
      endpoint_.flush();  // no answer waits for the slice of another
      scheduler_.run_shared();
    }
    activity_.leave();
  }
  run_codecs();
  outgoing_.flush();
  woken_in_turn_ = false;
  endpoint_.flush();
  if (loans_ != nullptr) loans_->flush();
  in_turn_ = false;
  if (!scheduler_.empty() || !codecs_.empty()) {
    wake_after_io();
  } else if (woken_in_turn_) {
    wake_turn();
  }
  arm_timer();
  finish_unless_taken();
}

// A part of each turn: guests that compress have no more of the worker by that than those that compute.
void Worker::run_codecs() noexcept {
  if (codecs_.empty()) return;
  if (loans_ != nullptr) loans_->own_work();
  constexpr int part_beside_guests = 4;
  constexpr int part_alone = 2;
  codecs_.run(slice_ / (scheduler_.empty() ? part_alone : part_beside_guests));
}

void Worker::arm_timer() {
  const auto earliest = timers_.earliest();
  // A timer that goes off too early only costs a turn; one that is moved costs a system call each time.
  if (!earliest || *earliest >= timer_time_) return;
  timer_time_ = *earliest;
  timer_.expires_at(timer_time_);
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    timer_time_ = rpc::Clock::time_point::max();
    wake_turn();
  });
}

}  // namespace wasm_grpc::runtime
