#include "observe/otlp/exporter.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <span>
#include <stop_token>
#include <utility>

#include "observe/otlp/collector.h"
#include "observe/otlp/spans.h"
#include "wasm/thread_signals.h"

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::string_view version = WASM_GRPC_VERSION;
constexpr std::chrono::milliseconds interval{1000};
constexpr std::chrono::milliseconds timeout{5000};  // of one export
constexpr std::chrono::milliseconds first_pause{500}, longest_pause{30'000};
constexpr int most_tries = 5;             // of one batch
constexpr std::size_t batch_spans = 512;  // as other exporters do; collectors take 4 MiB by default
constexpr std::size_t most_answer_bytes = std::size_t{64} << 10;

client::ChannelOptions channel_options(const TraceOptions& options) {
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
  Work(const TraceOptions& options, std::vector<std::shared_ptr<SpanQueue>> queues, Tell tell)
      : resource_(Resource::of_process(options.service_name, std::string(version))),
        queues_(std::move(queues)),
        endpoint_(options.endpoint),
        collector_(channel_options(options), options.metadata),
        tell_(std::move(tell)) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(mutex_);
        woken_.wait_for(lock, stop, interval, [this] { return wanted_; });
        wanted_ = false;
      }
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
    std::unique_lock lock(mutex_);
    tell_ = nullptr;
    return has_ended_.wait_for(lock, 2 * last_words, [this] { return ended_; });
  }

  [[nodiscard]] std::uint64_t exported() const noexcept { return exported_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    std::uint64_t all = dropped_.load(std::memory_order_relaxed);
    for (const auto& queue : queues_) all += queue->dropped();
    return all;
  }

 private:
  void export_all(const std::stop_token& stop, std::chrono::milliseconds most) {
    const auto give_up = std::chrono::steady_clock::now() + most;
    for (const auto& queue : queues_) {
      const SpanQueue::Spans spans = queue->take();
      const std::span calls(spans.calls);
      const std::span inner(spans.inner);
      for (std::size_t at = 0; at < std::max(calls.size(), inner.size()); at += batch_spans / 2) {
        const auto some_calls = part(calls, at);
        const auto some_inner = part(inner, at);
        const std::size_t size = some_calls.size() + some_inner.size();
        const auto request = trace_request(resource_, version, some_calls, some_inner);
        const std::string_view bytes(reinterpret_cast<const char*>(request.data()), request.size());
        if (stop.stop_possible()) {
          send(bytes, size, stop);
        } else {
          const auto left = give_up - std::chrono::steady_clock::now();
          const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(left);
          note(milliseconds.count() > 0 ? collector_.send(std::string(trace_export_path), bytes, milliseconds, stop)
                                        : Exported{Exported::Outcome::refused, "the server has stopped"},
               size);
        }
      }
    }
  }

  template <typename Span>
  static Span part(Span all, std::size_t at) {
    const std::size_t begin = std::min(at, all.size());
    return all.subspan(begin, std::min(batch_spans / 2, all.size() - begin));
  }

  /// One batch, until it is taken or not worth another try.
  void send(std::string_view bytes, std::size_t size, const std::stop_token& stop) {
    auto pause = first_pause;
    for (int tried = 1;; ++tried) {
      Exported exported = collector_.send(std::string(trace_export_path), bytes, timeout, stop);
      const bool again = exported.outcome == Exported::Outcome::try_later && tried < most_tries;
      if (!again || stop.stop_requested()) {
        note(exported, size);
        return;
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
      tell_of_trouble("it rejected " + std::to_string(rejected) + " of " + std::to_string(size) +
                      " spans: " + exported.why);
    } else if (std::exchange(in_trouble_, false)) {
      tell(LogLevel::info,
           "traces: " + endpoint_ + " takes spans again; " + std::to_string(dropped()) + " were dropped so far");
    }
  }

  /// Once, until it is over.
  void tell_of_trouble(const std::string& why) {
    if (std::exchange(in_trouble_, true)) return;
    tell(LogLevel::warn, "traces: " + endpoint_ + " does not take spans: " + why + "; calls are served on, and what " +
                             "it does not take in time is dropped");
  }

  void tell(LogLevel level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (tell_) tell_(level, text);
  }

  const Resource resource_;
  const std::vector<std::shared_ptr<SpanQueue>> queues_;
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

Result<std::unique_ptr<Exporter>> Exporter::start(const TraceOptions& options,
                                                  std::vector<std::shared_ptr<SpanQueue>> queues, Tell tell) {
  if (auto sound = Collector::check(channel_options(options)); !sound.ok()) {
    return Error{"the collector of traces: " + sound.error().message};
  }
  return std::unique_ptr<Exporter>(new Exporter(std::make_shared<Work>(options, std::move(queues), std::move(tell))));
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
