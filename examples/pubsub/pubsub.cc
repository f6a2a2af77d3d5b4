// pubsub.PubSub (pubsub.proto): one instance in the process knows all topics and their subscribers.
//
// A topic keeps its last messages, and each subscriber reads them at its own pace: what one that is too slow has not
// read when it is dropped, it is told to have missed. So nobody waits for anybody, and no queue grows.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "pubsub.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace pubsub;

namespace {

constexpr std::size_t max_topic_name_bytes = 256;
constexpr std::size_t max_topics = 10'000;
// What a topic keeps for its slowest subscriber.
constexpr std::size_t max_kept_messages = 1000;
constexpr std::size_t max_kept_bytes = 1 << 20;

class Topic {
 public:
  using Kept = std::shared_ptr<const Encoded<News>>;

  [[nodiscard]] std::uint64_t first() const { return next_ - kept_.size(); }
  [[nodiscard]] std::uint64_t next() const { return next_; }
  /// From first() to before next().
  [[nodiscard]] const Kept& at(std::uint64_t sequence) const { return kept_[static_cast<std::size_t>(sequence - first())]; }

  std::uint64_t publish(const std::string& payload) {
    News news{.sequence = next_};
    news.set_payload(payload);
    kept_.push_back(std::make_shared<const Encoded<News>>(news));
    bytes_ += kept_.back()->bytes().size();
    while (kept_.size() > max_kept_messages || (bytes_ > max_kept_bytes && kept_.size() > 1)) {
      bytes_ -= kept_.front()->bytes().size();
      kept_.pop_front();
    }
    published.notify_all();
    return next_++;
  }

  Condition published;
  std::uint32_t subscribers = 0;

 private:
  std::deque<Kept> kept_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
};

using Topics = std::map<std::string, Topic>;

/// Keeps a topic while it has subscribers.
class Subscriber {
 public:
  Subscriber(Topics& topics, const std::string& name) : topics_(topics), topic_(topics.try_emplace(name).first) {
    ++topic_->second.subscribers;
  }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber() {
    if (--topic_->second.subscribers == 0) topics_.erase(topic_);
  }
  [[nodiscard]] Topic& topic() const { return topic_->second; }

 private:
  Topics& topics_;
  Topics::iterator topic_;
};

Status check_name(const std::string& topic) {
  if (!topic.empty() && topic.size() <= max_topic_name_bytes) return Status::ok();
  return Status::invalid_argument("a topic's name has 1 to 256 bytes; this one has " + std::to_string(topic.size()));
}

class Hub : public PubSub::Async {
 public:
  Task<Result<Published>> Publish(Context&, const Message& message) override {
    if (Status bad = check_name(message.topic); !bad.is_ok()) co_return bad;
    const auto topic = topics_.find(message.topic);
    if (topic == topics_.end()) co_return Published();
    co_return Published{.sequence = topic->second.publish(message.payload), .subscribers = topic->second.subscribers};
  }

  Task<Status> Subscribe(Context&, const Subscription& wanted, OutStream<News>& out) override {
    if (Status bad = check_name(wanted.topic); !bad.is_ok()) co_return bad;
    if (topics_.size() >= max_topics && !topics_.contains(wanted.topic)) {
      co_return Status::resource_exhausted("there are 10000 topics already");
    }
    const Subscriber subscriber(topics_, wanted.topic);
    Topic& topic = subscriber.topic();
    std::uint64_t next = topic.next();
    News begin;
    begin.set_subscribed({.next_sequence = next});
    co_await out.write(begin);
    for (;;) {
      if (next < topic.first()) {
        News missed;
        missed.set_missed(topic.first() - next);
        next = topic.first();
        if (!co_await out.write(missed)) break;
      } else if (next < topic.next()) {
        const Topic::Kept news = topic.at(next++);
        if (!co_await out.write(*news)) break;
      } else {
        co_await topic.published.wait();
      }
    }
    co_return Status::ok();
  }

 private:
  Topics topics_;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_in_process();
  registry.serve<Hub>();
}
