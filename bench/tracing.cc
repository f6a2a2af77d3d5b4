// What traces and the access log cost a call, apart from the call: its beginning and its end, in nanoseconds. Prints
// JSON.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string_view>

#include "observe/call_watch.h"
#include "wasm_grpc/rpc/client.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc {
namespace {

constexpr std::string_view sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TraceOptions part(double sample) {
  TraceOptions options;
  options.sample = sample;
  return options;
}

AccessLogOptions of(AccessLog calls) {
  AccessLogOptions options;
  options.calls = calls;
  return options;
}

/// A call after the other, each with this traceparent, and whoever watches.
class Calls {
 public:
  explicit Calls(std::string_view traceparent) : traceparent_(traceparent) {
    request_.method = &method_;
    request_.client = client_.get();
    request_.authority = "example.com:50051";
    request_.metadata.add("user-agent", "bench");
    if (!traceparent.empty()) request_.metadata.add("traceparent", traceparent);
  }
  void one(rpc::CallObserver& watch) {
    watch.call_started(request_);
    watch.call_ended(request_, rpc::StatusCode::ok);
  }
  /// What the server has said in the last one.
  void restore() {
    if (!traceparent_.empty()) request_.metadata.set("traceparent", traceparent_);
  }

 private:
  const rpc::Method method_{"/helloworld.Greeter/SayHello"};
  const std::shared_ptr<rpc::Client> client_ = std::make_shared<rpc::Client>(1, "127.0.0.1:50000");
  const std::string_view traceparent_;
  rpc::Request request_;
};

constexpr int rounds = 9;
constexpr std::size_t calls_in_a_round = 200'000;
constexpr std::size_t calls_in_a_batch = observe::SpanQueue::most / 2;

/// Of this thread: what else the machine does hardly counts.
std::chrono::nanoseconds cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Nanoseconds a call, the median of the rounds. What is done between batches, as the exporter does, does not count: to
/// free spans is its work.
template <typename Between>
double measure(observe::CallWatch& watch, Calls& calls, Between between) {
  std::array<double, rounds> results{};
  for (double& result : results) {
    std::chrono::nanoseconds took{};
    for (std::size_t done = 0; done < calls_in_a_round; done += calls_in_a_batch) {
      const auto began = cpu_time();
      for (std::size_t i = 0; i < calls_in_a_batch; ++i) calls.one(watch);
      took += cpu_time() - began;
      between();
    }
    const auto batches = (calls_in_a_round + calls_in_a_batch - 1) / calls_in_a_batch;
    result = static_cast<double>(took.count()) / static_cast<double>(batches * calls_in_a_batch);
  }
  std::nth_element(results.begin(), results.begin() + rounds / 2, results.end());
  return results[rounds / 2];
}

double trace(const TraceOptions& options, std::string_view traceparent) {
  const auto queue = std::make_shared<observe::SpanQueue>();
  observe::CallWatch watch;
  watch.use_tracer(options, queue, [] {});
  Calls calls(traceparent);
  return measure(watch, calls, [&] {
    static_cast<void>(queue->take());
    calls.restore();
  });
}

double access_log(const AccessLogOptions& options) {
  const observe::Log log(LogLevel::trace, observe::LogSink{[](const observe::LogLine&) {}, nullptr});
  observe::CallWatch watch;
  watch.use_access_log(log, options, 1);
  Calls calls({});
  return measure(watch, calls, [&] { static_cast<void>(log.flush(std::chrono::seconds(10))); });
}

double nothing() {
  observe::CallWatch watch;
  Calls calls({});
  return measure(watch, calls, [] {});
}

}  // namespace
}  // namespace wasm_grpc

int main() {
  using namespace wasm_grpc;
  std::printf("{\n");
  const auto print = [](const char* what, double nanoseconds, const char* end = ",") {
    std::printf("  \"%s\": %.1f%s\n", what, nanoseconds, end);
  };
  print("nothing watched", nothing());
  print("traced, no parent, none sampled", trace(part(0), {}));
  print("traced, parent not sampled", trace(part(1), unsampled));
  print("traced, parent sampled", trace(part(1), sampled));
  print("traced, no parent, sampled", trace(part(1), {}));
  print("access log of errors", access_log(of(AccessLog::errors)));
  print("access log of all", access_log(of(AccessLog::all)), "");
  std::printf("}\n");
}
