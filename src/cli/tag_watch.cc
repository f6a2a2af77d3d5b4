#include "cli/tag_watch.h"

#include <pthread.h>

#include <algorithm>

#include "registry/fetch.h"

namespace wasm_grpc::cli {

TagWatch::TagWatch(Server& server, std::function<void(std::string)> changed)
    : server_(server), changed_(std::move(changed)), random_(std::random_device{}()) {}

void TagWatch::follow(std::vector<FollowedTag> tags, registry::RegistryOptions options) {
  const std::lock_guard lock(mutex_);
  if (tags.empty() && !thread_.joinable()) return;
  next_.emplace(std::move(tags), std::move(options));
  if (!thread_.joinable()) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  told_.notify_all();
}

void TagWatch::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "tag-watch");
  std::vector<Asked> all;
  registry::RegistryOptions options;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (next_) {
      all.clear();
      for (FollowedTag& tag : next_->first) {
        all.push_back({std::move(tag), {}, 0, false});
        all.back().due = Clock::now() + delay_of(all.back());
      }
      options = std::move(next_->second);
      next_.reset();
    }
    const auto first =
        std::min_element(all.begin(), all.end(), [](const Asked& a, const Asked& b) { return a.due < b.due; });
    const auto has_next = [this] { return next_.has_value(); };
    if (first == all.end()) {
      told_.wait(lock, stop, has_next);
    } else if (!told_.wait_until(lock, stop, first->due, has_next) && !stop.stop_requested()) {
      lock.unlock();
      ask(*first, options, stop);
      lock.lock();
    }
  }
}

void TagWatch::ask(Asked& one, const registry::RegistryOptions& options, const std::stop_token& stop) {
  const auto digest = registry::current_digest(options, one.tag.reference, stop);
  if (stop.stop_requested()) return;
  const bool is_silent = !digest.ok();
  if (is_silent != one.is_silent) {
    server_.log(is_silent ? LogLevel::warn : LogLevel::info,
                is_silent ? "what is served is served on, and asked for again: " + digest.error().message
                          : one.tag.reference.text() + ": the registry answers again");
    one.is_silent = is_silent;
  }
  const bool is_other = digest.ok() && digest.value() != one.tag.digest;
  one.delays = is_silent || is_other ? one.delays + 1 : 0;
  one.due = Clock::now() + delay_of(one);
  if (is_other) changed_(one.tag.reference.text() + " is " + digest.value().text() + " by now");
}

TagWatch::Clock::duration TagWatch::delay_of(const Asked& one) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest = std::chrono::minutes(10);
  constexpr int most_doublings = 16;
  const milliseconds most = std::max(longest, one.tag.poll);
  const milliseconds delay = std::min(one.tag.poll * (1 << std::clamp(one.delays - 1, 0, most_doublings)), most);
  return delay + milliseconds(std::uniform_int_distribution<milliseconds::rep>(0, delay.count() / 10)(random_));
}

}  // namespace wasm_grpc::cli
