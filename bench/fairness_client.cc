// Who gets how much of one worker: eight clients that call a method of burn.Burn in a loop, and one that calls another,
// shorter or longer. Prints one line of JSON.
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "client.h"
#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

constexpr const char* usage =
    "usage: fairness_client --target IPV4:PORT --one-steps N [--others N (8)] [--steps N (13000000)]\n"
    "                       [--milliseconds N (2000)]\n"
    "  burn.Burn/Unary of N steps on a connection of their own each, and of --one-steps on another\n";

/// One call after the other.
class LoopingClient final : public ClientCall {
 public:
  LoopingClient(std::uint32_t steps, ClientConnection& connection) : connection_(connection) {
    frame_ = {0, 0, 0, 0, 0, 0x08};  // a message Work { uint32 steps = 1; }
    for (std::uint32_t left = steps;; left >>= 7) {
      frame_.push_back(static_cast<std::uint8_t>(left < 0x80 ? left : (left & 0x7F) | 0x80));
      if (left < 0x80) break;
    }
    frame_[4] = static_cast<std::uint8_t>(frame_.size() - 5);
  }
  void start() {
    if (!connection_.open(*this, "/burn.Burn/Unary")) why_failed_ = "the server takes no more calls";
  }
  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    std::memcpy(room.data(), frame_.data(), frame_.size());
    ended = true;
    return frame_.size();
  }
  void received(std::span<const std::uint8_t> /*bytes*/) override {}
  void closed() override {
    ++done_;
    why_failed_ = failure();
    if (why_failed_.empty()) start();
  }
  [[nodiscard]] const std::string& why_failed() const noexcept { return why_failed_; }
  [[nodiscard]] std::uint64_t done() const noexcept { return done_; }

 private:
  ClientConnection& connection_;
  std::vector<std::uint8_t> frame_;
  std::uint64_t done_ = 0;
  std::string why_failed_;
};

int run(std::span<char*> arguments) {
  const Options options(
      arguments.subspan(1),
      {{"target", ""}, {"one-steps", ""}, {"others", "8"}, {"steps", "13000000"}, {"milliseconds", "2000"}});
  const auto others = static_cast<std::size_t>(options.number("others", 1));
  Client client(options.text("target"), static_cast<int>(others) + 1);
  std::vector<std::unique_ptr<LoopingClient>> clients;
  for (std::size_t i = 0; i <= others; ++i) {
    const auto steps = static_cast<std::uint32_t>(options.number(i == others ? "one-steps" : "steps", 1));
    clients.push_back(std::make_unique<LoopingClient>(steps, client.connection(i)));
    clients.back()->start();
  }
  client.run(Client::Clock::now() + std::chrono::milliseconds(options.number("milliseconds", 1)), [] { return false; });
  std::printf("{\"one\": %llu, \"others\": [", static_cast<unsigned long long>(clients.back()->done()));
  for (std::size_t i = 0; i < others; ++i) {
    if (!clients[i]->why_failed().empty()) throw std::runtime_error(clients[i]->why_failed());
    std::printf("%s%llu", i == 0 ? "" : ", ", static_cast<unsigned long long>(clients[i]->done()));
  }
  if (!clients.back()->why_failed().empty()) throw std::runtime_error(clients.back()->why_failed());
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("fairness_client", usage, run, argc, argv);
}
