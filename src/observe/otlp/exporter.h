// The thread that exports.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "observe/otlp/message.h"
#include "observe/trace/span.h"
#include "wasm_grpc/log.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/trace_options.h"

namespace wasm_grpc::observe::otlp {

/// Takes what has ended from the queues of the workers, every second and when one of them fills, and sends it to a
/// collector. While that takes nothing, one batch is tried again, in intervals that grow, and the queues fill up and
/// drop: memory is bounded, and no worker ever waits but for the thread to take a queue.
class Exporter {
 public:
  /// What is left is sent within this, when it goes away; and it may take as long again where a name is looked up.
  static constexpr std::chrono::milliseconds last_words{1000};
  /// Gets a line for people when the collector takes nothing any more, and when it does again. On the exporter's
  /// thread, not once the exporter has gone.
  using Tell = std::function<void(LogLevel level, const std::string& text)>;

  /// The error says what of the options makes no sense.
  [[nodiscard]] static Result<std::unique_ptr<Exporter>> start(const TraceOptions& options,
                                                               std::vector<std::shared_ptr<SpanQueue>> queues,
                                                               Tell tell);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  /// Sends what is left, and ends: nothing is exported any more. Not from two threads at once.
  void finish();

  /// Has it look at the queues soon. From any thread; waits for nobody.
  void wake() noexcept;

  /// Spans that the collector has taken, and those that it or nobody has.
  [[nodiscard]] std::uint64_t exported() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class Work;
  explicit Exporter(std::shared_ptr<Work> work);

  const std::shared_ptr<Work> work_;  // of the thread too, which may outlive this
  std::jthread thread_;
};

}  // namespace wasm_grpc::observe::otlp
