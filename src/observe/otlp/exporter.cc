#include "observe/otlp/exporter.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "observe/otlp/collector.h"
#include "wasm/thread_signals.h"

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::chrono::milliseconds timeout{5000};  // of one export
constexpr std::chrono::milliseconds first_pause{500}, longest_pause{30'000};
constexpr int most_tries = 5;  // of one request
constexpr std::size_t most_answer_bytes = std::size_t{64} << 10;

client::ChannelOptions channel_options(const CollectorOptions& options) {
  client::ChannelOptions channel;
  channel.address = options.endpoint;
  channel.ca_file = options.ca_file;
  channel.connect_timeout = timeout;
  channel.max_message_size = most_answer_bytes;
  return channel;
}

}  // namespace

class Exporter::Work {
 public:
  Work(const CollectorOptions& options, std::unique_ptr<Source> source, Tell tell)
      : source_(std::move(source)),
        signal_(source_->signal()),
        endpoint_(options.endpoint),
        collector_(channel_options(options), options.metadata),
        tell_(std::move(tell)) {}

  void run(const std::stop_token& stop) {
    auto begun = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(mutex_);
        woken_.wait_until(lock, stop, begun + signal_.interval, [this] { return wanted_; });
        wanted_ = false;
      }
      begun = std::chrono::steady_clock::now();
      if (stop.stop_requested()) break;  // what is taken now could not be sent
      export_all(stop, timeout);
    }
    // What is left, once, and soon.
    export_all({}, last_words);
    const std::lock_guard lock(mutex_);
    ended_ = true;
    has_ended_.notify_all();
  }

  void wake() noexcept {
    {
      const std::lock_guard lock(mutex_);
      wanted_ = true;
    }
    woken_.notify_one();
  }

  /// False when the thread is still in the midst of something that may take long.
  [[nodiscard]] bool wait_for_end() {
    bool ended = false;
    {
      std::unique_lock lock(mutex_);
      tell_ = nullptr;
      ended = has_ended_.wait_for(lock, 2 * last_words, [this] { return ended_; });
    }
    if (!ended) source_->close();
    return ended;
  }

  [[nodiscard]] std::uint64_t exported() const noexcept { return exported_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed) + source_->dropped();
  }

 private:
  void export_all(const std::stop_token& stop, std::chrono::milliseconds most) {
    const auto give_up = std::chrono::steady_clock::now() + most;
    bool is_in_vain = false;
    source_->take([&](std::string_view request, std::size_t items) {
      if (!is_in_vain && stop.stop_possible()) {
        is_in_vain = !send(request, items, stop) && signal_.repeats;
        return;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
      if (is_in_vain || left.count() <= 0) {
        dropped_.fetch_add(items, std::memory_order_relaxed);
      } else {
        note(collector_.send(std::string(signal_.path), request, left, stop), items);
      }
    });
  }

  /// One request, until it is taken or not worth another try; whether it was taken.
  bool send(std::string_view request, std::size_t items, const std::stop_token& stop) {
    const int tries = signal_.repeats ? 2 : most_tries;
    auto pause = first_pause;
    for (int tried = 1;; ++tried) {
      Exported exported = collector_.send(std::string(signal_.path), request, timeout, stop);
      const bool again = exported.outcome == Exported::Outcome::try_later && tried < tries;
      if (!again || stop.stop_requested()) {
        note(exported, items);
        return exported.outcome == Exported::Outcome::taken;
      }
      // A connection that was idle may have been closed since: that alone is no trouble.
      if (tried > 1) {
        tell_of_trouble(exported.why);
        std::unique_lock lock(mutex_);
        woken_.wait_for(lock, stop, pause, [] { return false; });
        pause = std::min(2 * pause, longest_pause);
      }
    }
  }

  void note(const Exported& exported, std::size_t size) {
    if (exported.outcome != Exported::Outcome::taken) {
      dropped_.fetch_add(size, std::memory_order_relaxed);
      tell_of_trouble(exported.why);
      return;
    }
    const auto rejected = std::min<std::uint64_t>(exported.rejected, size);
    dropped_.fetch_add(rejected, std::memory_order_relaxed);
    exported_.fetch_add(size - rejected, std::memory_order_relaxed);
    if (rejected > 0) {
      tell_of_trouble("it rejected " + std::to_string(rejected) + " of " + std::to_string(size) + " " +
                      std::string(signal_.items) + ": " + exported.why);
    } else if (std::exchange(in_trouble_, false)) {
      tell(LogLevel::info, about_collector() + " takes " + std::string(signal_.items) + " again; " +
                               std::to_string(dropped()) + " were dropped so far");
    }
  }

  /// Once, until it is over.
  void tell_of_trouble(const std::string& why) {
    if (std::exchange(in_trouble_, true)) return;
    tell(LogLevel::warn, about_collector() + " does not take " + std::string(signal_.items) + ": " + why +
                             "; calls are served on, and what it does not take in time is dropped");
  }

  [[nodiscard]] std::string about_collector() const { return std::string(signal_.name) + ": " + endpoint_; }

  void tell(LogLevel level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (tell_) tell_(level, text);
  }

  const std::unique_ptr<Source> source_;
  const Signal signal_;
  const std::string endpoint_;
  Collector collector_;
  bool in_trouble_ = false;
  std::atomic<std::uint64_t> exported_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;

  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::condition_variable has_ended_;
  Tell tell_;
  bool wanted_ = false;
  bool ended_ = false;
};

Result<std::unique_ptr<Exporter>> Exporter::start(const CollectorOptions& options, std::unique_ptr<Source> source,
                                                  Tell tell) {
  if (auto sound = Collector::check(channel_options(options)); !sound.ok()) {
    return Error{"the collector of " + std::string(source->signal().name) + ": " + sound.error().message};
  }
  return std::unique_ptr<Exporter>(new Exporter(std::make_shared<Work>(options, std::move(source), std::move(tell))));
}

Exporter::Exporter(std::shared_ptr<Work> work)
    : work_(std::move(work)), thread_([work = work_](const std::stop_token& stop) {
        pthread_setname_np(pthread_self(), "otlp");
        wasm::block_signals();
        work->run(stop);
      }) {}

Exporter::~Exporter() { finish(); }

void Exporter::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  if (work_->wait_for_end()) {
    thread_.join();
  } else {
    thread_.detach();  // it looks for an address, and uses what it owns
  }
}

void Exporter::wake() noexcept { work_->wake(); }

std::uint64_t Exporter::exported() const noexcept { return work_->exported(); }
std::uint64_t Exporter::dropped() const noexcept { return work_->dropped(); }

}  // namespace wasm_grpc::observe::otlp
