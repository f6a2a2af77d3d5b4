// How long cheap calls take while guests of the same worker compute without end. Every reply is compared. Prints one
// line of JSON.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "client.h"
#include "echo_messages.h"
#include "empty_call.h"
#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;

constexpr const char* usage =
    "usage: latency_client --target IPV4:PORT [--neighbours N (8)] [--neighbour PATH (/test.Guest/Spin)]\n"
    "                      [--connections N (4)] [--milliseconds N (2000)]\n"
    "  unary calls of echo.Echo, one after the other on each connection, beside N calls of PATH that do not end\n";

/// A neighbour: it may be sent compressed messages.
class Neighbour final : public EmptyCall {
 public:
  [[nodiscard]] bool takes_gzip() const noexcept override { return true; }
};

/// One unary call after the other, each timed.
class TimedCalls final : public ClientCall {
 public:
  TimedCalls(const Bytes& frame, ClientConnection& connection, std::vector<double>& milliseconds)
      : frame_(frame), connection_(connection), milliseconds_(milliseconds) {}

  void start() {
    reply_.clear();
    began_ = Client::Clock::now();
    if (!connection_.open(*this, "/echo.Echo/Unary")) why_failed_ = "the server takes no more calls";
  }
  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    std::memcpy(room.data(), frame_.data(), frame_.size());
    ended = true;
    return frame_.size();
  }
  void received(std::span<const std::uint8_t> bytes) override {
    reply_.insert(reply_.end(), bytes.begin(), bytes.end());
  }
  void closed() override {
    milliseconds_.push_back(std::chrono::duration<double, std::milli>(Client::Clock::now() - began_).count());
    why_failed_ = failure();
    if (why_failed_.empty() && reply_ != frame_) why_failed_ = "a reply differs from what was sent";
    if (why_failed_.empty()) start();
  }
  [[nodiscard]] const std::string& why_failed() const noexcept { return why_failed_; }

 private:
  const Bytes& frame_;
  ClientConnection& connection_;
  std::vector<double>& milliseconds_;
  Bytes reply_;
  Client::Clock::time_point began_;
  std::string why_failed_;
};

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

int run(std::span<char*> arguments) {
  const Options options(arguments.subspan(1), {{"target", ""},
                                               {"neighbours", "8"},
                                               {"neighbour", "/test.Guest/Spin"},
                                               {"connections", "4"},
                                               {"milliseconds", "2000"}});
  const auto connections = static_cast<std::size_t>(options.number("connections", 1));
  const std::chrono::milliseconds duration(options.number("milliseconds", 1));
  Bytes frame;
  append_framed(frame, message(Bytes{'h', 'e', 'l', 'l', 'o'}));

  Client client(options.text("target"), static_cast<int>(connections) + 1);
  const std::string path = options.text("neighbour");
  std::vector<std::unique_ptr<Neighbour>> neighbours;
  for (int i = 0; i < options.number("neighbours", 0); ++i) {
    neighbours.push_back(std::make_unique<Neighbour>());
    if (!client.connection(connections).open(*neighbours.back(), path))
      throw std::runtime_error("the server takes no more calls");
  }
  client.run(Client::Clock::now() + 100ms, [] { return false; });  // they are at it

  std::vector<double> milliseconds;
  milliseconds.reserve(1'000'000);
  std::vector<std::unique_ptr<TimedCalls>> calls;
  for (std::size_t i = 0; i < connections; ++i) {
    calls.push_back(std::make_unique<TimedCalls>(frame, client.connection(i), milliseconds));
    calls.back()->start();
  }
  client.run(Client::Clock::now() + duration, [] { return false; });
  for (const auto& call : calls)
    if (!call->why_failed().empty()) throw std::runtime_error(call->why_failed());
  if (std::ranges::any_of(neighbours, [](const auto& neighbour) { return !neighbour->open(); }))
    throw std::runtime_error("a call that was not to end has ended");
  if (milliseconds.empty()) throw std::runtime_error("no call was answered");
  std::ranges::sort(milliseconds);
  std::printf("{\"calls\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", milliseconds.size(),
              percentile(milliseconds, 0.5), percentile(milliseconds, 0.99), milliseconds.back());
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("latency_client", usage, run, argc, argv);
}
