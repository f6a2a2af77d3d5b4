// One publisher and many subscribers of bench.Events: every subscriber must get every message once. Prints one line of
// JSON.
#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "client.h"
#include "echo_messages.h"
#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;

constexpr const char* usage =
    "usage: fanout_client --target IPV4:PORT [options]\n"
    "  --subscribers N (1000)   --connections N (10, for the subscribers)   --milliseconds N (3000)\n"
    "  --inflight N (8, 32 at most: messages that not every subscriber has got yet)\n";

// message Numbered { fixed64 number = 1; }, with its prefix.
constexpr std::size_t head_size = 6;
constexpr std::size_t frame_size = head_size + sizeof(std::uint64_t);
constexpr std::array<std::uint8_t, head_size> frame_head = {0, 0, 0, 0, frame_size - 5, 1 << 3 | 1};

// More messages are never under way, so that what a subscriber has got of them is a word of bits.
constexpr std::uint64_t most_under_way = 32;

/// What has got to whom.
class Board {
 public:
  explicit Board(std::uint64_t subscribers) : subscribers_(subscribers) {}

  /// The number of a message to publish.
  std::uint64_t publish() {
    missing_[published_ % most_under_way] = subscribers_ + 1;  // and the reply to the publisher
    return published_++;
  }
  /// A subscriber, or the publisher its reply.
  void got(std::uint64_t number) noexcept {
    --missing_[number % most_under_way];
    while (done_ < published_ && missing_[done_ % most_under_way] == 0) ++done_;
  }
  [[nodiscard]] std::uint64_t under_way() const noexcept { return published_ - done_; }
  [[nodiscard]] bool is_under_way(std::uint64_t number) const noexcept {
    return number >= done_ && number < published_;
  }
  [[nodiscard]] std::uint64_t done() const noexcept { return done_; }
  [[nodiscard]] std::uint64_t subscribers() const noexcept { return subscribers_; }

  void fail(std::string_view why) {
    if (failure_.empty()) failure_ = why;
  }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  std::uint64_t deliveries = 0;

 private:
  std::uint64_t subscribers_;
  std::uint64_t published_ = 0;
  std::uint64_t done_ = 0;  // messages before this number are with everybody
  std::array<std::uint64_t, most_under_way> missing_{};
  std::string failure_;
};

class Subscriber final : public ClientCall {
 public:
  explicit Subscriber(Board& board) : board_(board) {}

  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    std::memset(room.data(), 0, 5);
    ended = true;
    return 5;
  }
  void received(std::span<const std::uint8_t> bytes) override {
    while (!bytes.empty()) {
      if (partial_ == 0 && bytes.size() >= frame_size) {
        take(bytes.data());
        bytes = bytes.subspan(frame_size);
        continue;
      }
      const std::size_t length = std::min(bytes.size(), frame_size - partial_);
      std::memcpy(frame_.data() + partial_, bytes.data(), length);
      bytes = bytes.subspan(length);
      partial_ += length;
      if (partial_ < frame_size) return;
      partial_ = 0;
      take(frame_.data());
    }
  }
  void closed() override { board_.fail("a subscription ended: " + failure()); }

 private:
  // Messages may come in another order than they were published in: a server may serve publishers at the same time.
  void take(const std::uint8_t* frame) {
    std::uint64_t number = 0;
    std::memcpy(&number, frame + head_size, sizeof number);
    if (std::memcmp(frame, frame_head.data(), head_size) != 0) return board_.fail("a subscriber got other bytes");
    const std::uint64_t bit = std::uint64_t{1} << (number % most_under_way);
    const std::uint64_t round = number / most_under_way;
    // Bits of the round before are cleared when the next one begins, which is when all of that one may be under way.
    if (!board_.is_under_way(number)) return board_.fail("a subscriber got a message that is not under way");
    std::uint64_t& rounds = round_of_[round % 2];
    if (rounds != round) {
      rounds = round;
      bits_[round % 2] = 0;
    }
    if ((bits_[round % 2] & bit) != 0) return board_.fail("a subscriber got a message twice");
    bits_[round % 2] |= bit;
    ++board_.deliveries;
    board_.got(number);
  }

  Board& board_;
  std::array<std::uint64_t, 2> bits_{};      // of an even and of an odd round of numbers: what has come
  std::array<std::uint64_t, 2> round_of_{};  // which rounds those are
  std::array<std::uint8_t, frame_size> frame_{};
  std::size_t partial_ = 0;
};

/// Publishes one message at a time.
class Publish final : public ClientCall {
 public:
  Publish(Board& board, ClientConnection& connection) : board_(board), connection_(connection) {}

  void start() {
    number_ = board_.publish();
    reply_.clear();
    if (!connection_.open(*this, "/bench.Events/Publish")) board_.fail("the server takes no more calls");
  }
  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    std::memcpy(room.data(), frame_head.data(), head_size);
    std::memcpy(room.data() + head_size, &number_, sizeof number_);
    ended = true;
    return frame_size;
  }
  void received(std::span<const std::uint8_t> bytes) override {
    reply_.insert(reply_.end(), bytes.begin(), bytes.end());
  }
  void closed() override {
    if (!failure().empty()) board_.fail("publishing failed: " + failure());
    board_.got(number_);
  }
  /// The last message was for our subscribers, and nobody else.
  [[nodiscard]] bool exact() const {
    Bytes message{1 << 3 | 5, 0, 0, 0, 0, 2 << 3 | 5, 0, 0, 0, 0};
    const auto subscribers = static_cast<std::uint32_t>(board_.subscribers());
    std::memcpy(message.data() + 1, &subscribers, sizeof subscribers);
    Bytes framed;
    append_framed(framed, message);
    return reply_ == framed;
  }

 private:
  Board& board_;
  ClientConnection& connection_;
  std::uint64_t number_ = 0;
  Bytes reply_;
};

class Load {
 public:
  Load(const Options& options, std::uint64_t subscribers, int connections)
      : client_(options.text("target"), connections + 1),
        board_(subscribers),
        inflight_(static_cast<std::uint64_t>(options.number("inflight", 1))) {
    if (inflight_ > most_under_way) throw std::runtime_error("--inflight is 32 at most");
    for (std::uint64_t i = 0; i < subscribers; ++i) {
      subscribers_.push_back(std::make_unique<Subscriber>(board_));
      if (!client_.connection(i % static_cast<std::uint64_t>(connections))
               .open(*subscribers_.back(), "/bench.Events/Subscribe"))
        throw std::runtime_error("the server takes no more calls");
    }
    for (std::uint64_t i = 0; i < inflight_; ++i)
      publishers_.push_back(std::make_unique<Publish>(board_, client_.connection(client_.connections() - 1)));
  }

  void run(std::chrono::milliseconds duration) {
    run_until("subscribe", [this] {
      for (; answered_ < subscribers_.size(); ++answered_)
        if (subscribers_[answered_]->http_status() != "200") return false;
      return true;
    });
    // The server may still have subscribers whose client has just gone.
    do {
      publishers_[0]->start();
      run_until("get the first message", [this] { return board_.under_way() == 0; });
    } while (!publishers_[0]->exact());

    const auto start = Client::Clock::now();
    const std::uint64_t before = board_.deliveries;
    client_.run(start + duration, [this] {
      publish();
      return !board_.failure().empty();
    });
    const double seconds = std::chrono::duration<double>(Client::Clock::now() - start).count();
    const std::uint64_t measured = board_.deliveries - before;
    run_until("get the last messages", [this] { return board_.under_way() == 0; });
    for (const auto& publisher : publishers_)
      if (!publisher->exact() && board_.done() > inflight_)
        throw std::runtime_error("a publisher was told of other subscribers than there are");
    std::printf("{\"messages\": %llu, \"seconds\": %.6f, \"messages_total\": %llu, \"published\": %llu}\n",
                static_cast<unsigned long long>(measured), seconds, static_cast<unsigned long long>(board_.deliveries),
                static_cast<unsigned long long>(board_.done()));
  }

 private:
  // The publisher has a connection of its own, the last.
  void publish() {
    bool began = false;
    for (const auto& publisher : publishers_) {
      if (board_.under_way() >= inflight_) break;
      if (publisher->open()) continue;
      publisher->start();
      began = true;
    }
    if (began) client_.flush(client_.connections() - 1);
  }
  void run_until(const char* what, const std::function<bool()>& done) {
    const bool in_time =
        client_.run(Client::Clock::now() + patience, [&] { return !board_.failure().empty() || done(); });
    if (!board_.failure().empty()) throw std::runtime_error(board_.failure());
    if (!in_time) throw std::runtime_error(std::string("not all subscribers could ") + what + " within 20 s");
  }

  Client client_;
  Board board_;
  std::uint64_t inflight_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<std::unique_ptr<Publish>> publishers_;
  std::size_t answered_ = 0;
};

int run(std::span<char*> arguments) {
  const Options options(
      arguments.subspan(1),
      {{"target", ""}, {"subscribers", "1000"}, {"connections", "10"}, {"milliseconds", "3000"}, {"inflight", "8"}});
  const std::chrono::milliseconds duration(options.number("milliseconds", 1));
  Load(options, static_cast<std::uint64_t>(options.number("subscribers", 1)), options.number("connections", 1))
      .run(duration);
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("fanout_client", usage, run, argc, argv);
}
