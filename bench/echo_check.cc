// Calls every method of an echo server and compares what comes back, byte for byte: small, empty and large messages,
// one and many. Prints a line for each; exits 1 when any is wrong. It stands beside the loads because h2load counts
// HTTP 200s and looks no further.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "client.h"
#include "echo_messages.h"
#include "options.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto call_time = 20s;

// Sends messages and keeps the replies; paced, it sends the next message when the last one was answered.
class ScriptedCall final : public ClientCall {
 public:
  ScriptedCall(const std::vector<Bytes>& messages, bool paced) : paced_(paced) {
    for (const Bytes& message : messages) {
      append_framed(request_, message);
      ends_.push_back(request_.size());
    }
  }

  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    const std::size_t until = paced_ && answered_ < ends_.size() ? ends_[answered_] : request_.size();
    const std::size_t length = std::min(room.size(), until - sent_);
    std::copy_n(request_.begin() + static_cast<std::ptrdiff_t>(sent_), length, room.begin());
    sent_ += length;
    ended = sent_ == request_.size() && (!paced_ || answered_ == ends_.size());
    return length;
  }

  void received(std::span<const std::uint8_t> bytes) override {
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    while (const auto first = first_framed(ByteView(in_).subspan(taken_))) {
      replies_.emplace_back(first->message.begin(), first->message.end());
      taken_ += first->framed_size;
      ++answered_;
    }
    resume();
  }
  void closed() override { done_ = true; }

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] const std::vector<Bytes>& replies() const noexcept { return replies_; }
  [[nodiscard]] bool cut_short() const noexcept { return taken_ != in_.size(); }

 private:
  bool paced_;
  bool done_ = false;
  Bytes request_;
  std::vector<std::size_t> ends_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  Bytes in_;
  std::size_t taken_ = 0;
  std::vector<Bytes> replies_;
};

// A payload with other content for each seed.
Bytes payload_of(std::size_t size, unsigned seed) {
  Bytes payload;
  for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<std::uint8_t>(i * 31 + i / 251 + seed));
  return payload;
}

struct Case {
  const char* what;
  const char* path;
  std::vector<Bytes> requests;
  std::vector<Bytes> replies;
  bool paced = false;
};

std::vector<Case> cases() {
  constexpr std::size_t mebibyte = 1024 * 1024;
  std::vector<Case> all;
  for (const auto& [size, what] : {std::pair(std::size_t{5}, "a unary call gives a small message back"),
                                   std::pair(std::size_t{20'000}, "a unary call gives a message of 20 kB back"),
                                   std::pair(mebibyte, "a unary call gives a message of 1 MiB back")}) {
    const Bytes echoed = message(payload_of(size, 1));
    all.push_back({what, "/echo.Echo/Unary", {echoed}, {echoed}});
  }
  all.push_back({"a unary call gives an empty message back", "/echo.Echo/Unary", {Bytes{}}, {Bytes{}}});

  std::vector<Bytes> many;
  Bytes payloads;
  for (unsigned i = 0; i < 200; ++i) {
    const Bytes payload = payload_of(i * 7, i);
    payloads.insert(payloads.end(), payload.begin(), payload.end());
    many.push_back(message(payload));
  }
  all.push_back(
      {"a client stream is answered with all its payloads", "/echo.Echo/ClientStream", many, {message(payloads)}});

  const Bytes small = payload_of(100, 7);
  const Bytes large = payload_of(mebibyte, 9);
  all.push_back({"a server stream repeats its payload",
                 "/echo.Echo/ServerStream",
                 {repeat(3000, small)},
                 std::vector<Bytes>(3000, message(small))});
  all.push_back({"a server stream of large messages keeps to flow control",
                 "/echo.Echo/ServerStream",
                 {repeat(20, large)},
                 std::vector<Bytes>(20, message(large))});
  all.push_back({"a server stream may be empty", "/echo.Echo/ServerStream", {repeat(0, small)}, {}});
  all.push_back({"a bidi stream answers message by message", "/echo.Echo/BidiStream", many, many, true});
  all.push_back({"a bidi stream keeps the order of messages sent at once", "/echo.Echo/BidiStream", many, many});
  return all;
}

std::string check(Client& client, const Case& expected) {
  ScriptedCall call(expected.requests, expected.paced);
  if (!client.connection(0).open(call, expected.path)) return "the server takes no more calls";
  if (!client.run(Client::Clock::now() + call_time, [&] { return call.done(); }))
    throw std::runtime_error(std::string(expected.what) + ": no end within 20 s, after " +
                             std::to_string(call.replies().size()) + " replies");
  if (std::string failure = call.failure(); !failure.empty()) return failure;
  if (call.replies().size() != expected.replies.size())
    return std::to_string(call.replies().size()) + " replies; expected " + std::to_string(expected.replies.size());
  for (std::size_t i = 0; i < expected.replies.size(); ++i)
    if (call.replies()[i] != expected.replies[i]) return "reply " + std::to_string(i) + " has other bytes";
  return call.cut_short() ? "bytes left over after the last reply" : "";
}

int run(std::span<char*> arguments) {
  const Options options(arguments.subspan(1), {{"target", ""}});
  Client client(options.text("target"), 1);
  int wrong = 0;
  for (const Case& expected : cases()) {
    const std::string failure = check(client, expected);
    std::printf("%s: %s\n", expected.what, failure.empty() ? "ok" : failure.c_str());
    if (!failure.empty()) ++wrong;
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  try {
    return wasm_grpc::bench::run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_check: %s\n", error.what());
    return 1;
  }
}
