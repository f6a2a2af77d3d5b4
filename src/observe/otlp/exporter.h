// The thread that exports.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "observe/otlp/source.h"
#include "wasm_grpc/collector_options.h"
#include "wasm_grpc/log.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::observe::otlp {

/// Takes what there is of a signal, again and again, and sends it to a collector. While that takes nothing, one request
/// is tried again, in intervals that grow, and what comes meanwhile is up to the source, which is bounded; of what
/// repeats, the rest of its time is dropped. No worker ever waits but for the thread to take what it has.
class Exporter {
 public:
  /// What is left is sent within this, when it goes away; and it may take as long again where a name is looked up.
  static constexpr std::chrono::milliseconds last_words{1000};
  /// Gets a line for people when the collector takes nothing any more, and when it does again. On the exporter's
  /// thread, not once the exporter has gone.
  using Tell = std::function<void(LogLevel level, const std::string& text)>;

  /// The error says what of the options makes no sense.
  [[nodiscard]] static Result<std::unique_ptr<Exporter>> start(const CollectorOptions& options,
                                                               std::unique_ptr<Source> source, Tell tell);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  /// Has it send what is left, and end, without waiting for it.
  void begin_to_finish() noexcept { thread_.request_stop(); }
  /// The same, and waits: nothing is exported any more. Not from two threads at once.
  void finish();

  /// Has it look at what there is soon. From any thread; waits for nobody.
  void wake() noexcept;

  /// Items that the collector has taken, and those that it or nobody has.
  [[nodiscard]] std::uint64_t exported() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class Work;
  explicit Exporter(std::shared_ptr<Work> work);

  const std::shared_ptr<Work> work_;  // of the thread too, which may outlive this
  std::jthread thread_;
};

}  // namespace wasm_grpc::observe::otlp
