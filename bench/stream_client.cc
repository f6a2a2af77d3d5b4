// Streaming loads on an echo server, and their count: every byte of every reply is compared with what it must be, and
// every call must end with grpc-status 0. Prints one line of JSON.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "client.h"
#include "echo_messages.h"
#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto drain_time = 10s;
constexpr auto hold_time = 30s;

constexpr const char* usage =
    "usage: stream_client server-stream|bidi|hold --target IPV4:PORT [options]\n"
    "  server-stream  calls that answer --count messages each, one after the other on each stream\n"
    "  bidi           one long call a stream, --inflight messages under way on each\n"
    "  hold           opens every stream, echoes one message on each, prints `holding N`, waits for the end of stdin\n"
    "  --connections N (10)   --streams N (10, per connection)   --milliseconds N (3000)\n"
    "  --payload BYTES (5)    --count N (1000)                   --inflight N (1)\n"
    "  --path /PACKAGE.SERVICE/METHOD (that of echo.Echo)\n";

// One framed message over and over, so that any run of a stream's bytes is a range of it.
class Pattern {
 public:
  explicit Pattern(ByteView message) {
    append_framed(bytes_, message);
    frame_ = bytes_.size();
    const Bytes one = bytes_;
    while (bytes_.size() < 32 * 1024 + frame_) bytes_.insert(bytes_.end(), one.begin(), one.end());
  }
  [[nodiscard]] std::size_t frame() const noexcept { return frame_; }
  /// The bytes of the stream from offset `at` on; as many as there are at hand.
  [[nodiscard]] ByteView from(std::uint64_t at) const noexcept { return std::span(bytes_).subspan(at % frame_); }

 private:
  Bytes bytes_;
  std::size_t frame_ = 0;
};

struct Tally {
  std::uint64_t messages = 0;
  std::uint64_t calls = 0;
  std::size_t open = 0;
  std::string failure;  // the first one
};

// A call whose replies are a pattern.
class PatternCall : public ClientCall {
 public:
  PatternCall(const Pattern& replies, Tally& tally) : replies_(replies), tally_(tally) {}

  virtual void stop() = 0;
  [[nodiscard]] std::uint64_t replies() const noexcept { return received_ / replies_.frame(); }

  void received(ByteView bytes) final {
    const std::uint64_t before = replies();
    while (!bytes.empty()) {
      const auto expected = replies_.from(received_);
      const std::size_t length = std::min(bytes.size(), expected.size());
      if (std::memcmp(bytes.data(), expected.data(), length) != 0) fail("a reply differs from what was asked for");
      received_ += length;
      bytes = bytes.subspan(length);
    }
    const std::uint64_t complete = replies() - before;
    tally_.messages += complete;
    if (complete > 0) replied(complete);
  }

 protected:
  virtual void replied(std::uint64_t /*messages*/) {}

  void ended(std::uint64_t expected_replies) {
    ++tally_.calls;
    --tally_.open;
    if (const std::string failure = this->failure(); !failure.empty()) fail(failure);
    if (received_ != expected_replies * replies_.frame()) fail("a call ended with replies missing or too many");
    received_ = 0;
  }
  void fail(std::string_view why) {
    if (tally_.failure.empty()) tally_.failure = why;
  }
  Tally& tally() noexcept { return tally_; }

 private:
  const Pattern& replies_;
  Tally& tally_;
  std::uint64_t received_ = 0;
};

class ServerStreamCall final : public PatternCall {
 public:
  ServerStreamCall(std::string_view path, const Pattern& request, const Pattern& replies, std::uint64_t count,
                   Tally& tally, ClientConnection& connection)
      : PatternCall(replies, tally), path_(path), request_(request), count_(count), connection_(connection) {}

  void start() {
    sent_ = 0;
    ++tally().open;
    if (!connection_.open(*this, path_)) fail("the server takes no more calls");
  }
  void stop() override { stopping_ = true; }

  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    const std::size_t length = std::min(room.size(), request_.frame() - sent_);
    std::memcpy(room.data(), request_.from(sent_).data(), length);
    sent_ += length;
    ended = sent_ == request_.frame();
    return length;
  }
  void closed() override {
    ended(count_);
    if (!stopping_ && tally().failure.empty()) start();
  }

 private:
  std::string_view path_;
  const Pattern& request_;
  std::uint64_t count_;
  ClientConnection& connection_;
  std::size_t sent_ = 0;
  bool stopping_ = false;
};

class BidiCall final : public PatternCall {
 public:
  /// Sends `inflight` messages, then, when it is `endless`, one more for each that comes back.
  BidiCall(std::string_view path, const Pattern& messages, std::uint64_t inflight, bool endless, Tally& tally,
           ClientConnection& connection)
      : PatternCall(messages, tally), messages_(messages), to_send_(inflight * messages.frame()), endless_(endless) {
    ++tally.open;
    if (!connection.open(*this, path)) fail("the server takes no more calls");
  }
  void stop() override {
    stopping_ = true;
    resume();
  }

  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    const auto bytes = messages_.from(sent_);
    const std::size_t length = std::min({room.size(), bytes.size(), static_cast<std::size_t>(to_send_ - sent_)});
    std::memcpy(room.data(), bytes.data(), length);
    sent_ += length;
    ended = stopping_ && sent_ == to_send_;
    return length;
  }
  void closed() override { ended(to_send_ / messages_.frame()); }

 private:
  void replied(std::uint64_t messages) override {
    if (stopping_ || !endless_) return;
    to_send_ += messages * messages_.frame();
    resume();
  }

  const Pattern& messages_;
  std::uint64_t to_send_;
  bool endless_;
  std::uint64_t sent_ = 0;
  bool stopping_ = false;
};

Bytes payload_of(std::size_t size) {
  Bytes payload;
  for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<std::uint8_t>('a' + i % 26));
  return payload;
}

double seconds_since(Client::Clock::time_point start) {
  return std::chrono::duration<double>(Client::Clock::now() - start).count();
}

void require_success(const Tally& tally) {
  if (!tally.failure.empty()) throw std::runtime_error(tally.failure);
}

// Counts for `duration`, then lets every call end, so that each is known to have ended well.
template <typename Call>
void measure(Client& client, std::vector<std::unique_ptr<Call>>& calls, Tally& tally,
             std::chrono::milliseconds duration) {
  const auto failed = [&] { return !tally.failure.empty(); };
  const auto start = Client::Clock::now();
  client.run(start + duration, failed);
  require_success(tally);
  const double measured = seconds_since(start);
  const std::uint64_t messages = tally.messages;
  for (const auto& call : calls) call->stop();
  if (!client.run(Client::Clock::now() + drain_time, [&] { return failed() || tally.open == 0; }))
    throw std::runtime_error(std::to_string(tally.open) + " calls did not end within 10 s of being asked to");
  require_success(tally);
  std::printf("{\"messages\": %llu, \"seconds\": %.6f, \"messages_total\": %llu, \"calls\": %llu}\n",
              static_cast<unsigned long long>(messages), measured, static_cast<unsigned long long>(tally.messages),
              static_cast<unsigned long long>(tally.calls));
}

void hold(Client& client, const std::vector<std::unique_ptr<BidiCall>>& calls, const Tally& tally) {
  const auto answered = [&] {
    return !tally.failure.empty() || std::ranges::all_of(calls, [](const auto& call) { return call->replies() > 0; });
  };
  const bool all = client.run(Client::Clock::now() + hold_time, answered);
  require_success(tally);
  if (!all)
    throw std::runtime_error("only " + std::to_string(tally.messages) + " of " + std::to_string(calls.size()) +
                             " streams were answered within 30 s");
  std::printf("holding %zu\n", calls.size());
  std::fflush(stdout);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const auto end = Client::Clock::now() + hold_time;
  while (::poll(&input, 1, 0) == 0 && Client::Clock::now() < end)
    client.run(Client::Clock::now() + 50ms, [] { return false; });
}

int run(std::span<char*> arguments) {
  const std::string_view load = arguments.size() > 1 ? arguments[1] : "";
  if (load != "server-stream" && load != "bidi" && load != "hold") {
    std::fputs(usage, stderr);
    return 2;
  }
  const Options options(arguments.subspan(2), {{"target", ""},
                                               {"connections", "10"},
                                               {"streams", "10"},
                                               {"milliseconds", "3000"},
                                               {"payload", "5"},
                                               {"count", "1000"},
                                               {"inflight", "1"},
                                               {"path", ""}});
  const int streams = options.number("streams", 1);
  const std::chrono::milliseconds duration(options.number("milliseconds", 1));
  const Bytes payload = payload_of(static_cast<std::size_t>(options.number("payload", 0)));
  const auto count = static_cast<std::uint64_t>(options.number("count", 1));
  const auto inflight = static_cast<std::uint64_t>(options.number("inflight", 1));

  const bool server_stream = load == "server-stream";
  const std::string path = !options.text("path").empty() ? options.text("path")
                           : server_stream               ? "/echo.Echo/ServerStream"
                                                         : "/echo.Echo/BidiStream";

  const Pattern echoed(message(payload));
  const Pattern request(repeat(count, payload));
  Tally tally;
  Client client(options.text("target"), options.number("connections", 1));
  if (server_stream) {
    std::vector<std::unique_ptr<ServerStreamCall>> calls;
    for (std::size_t i = 0; i < client.connections(); ++i)
      for (int j = 0; j < streams; ++j) {
        calls.push_back(std::make_unique<ServerStreamCall>(path, request, echoed, count, tally, client.connection(i)));
        calls.back()->start();
      }
    measure(client, calls, tally, duration);
    return 0;
  }
  std::vector<std::unique_ptr<BidiCall>> calls;
  for (std::size_t i = 0; i < client.connections(); ++i)
    for (int j = 0; j < streams; ++j)
      calls.push_back(std::make_unique<BidiCall>(path, echoed, inflight, load == "bidi", tally, client.connection(i)));
  if (load == "hold") {
    hold(client, calls, tally);
  } else {
    measure(client, calls, tally, duration);
  }
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("stream_client", usage, run, argc, argv);
}
