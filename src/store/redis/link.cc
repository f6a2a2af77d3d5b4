#include "store/redis/link.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "store/redis/command.h"
#include "store/thread.h"

namespace wasm_grpc::store::redis {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_backoff{50};
constexpr milliseconds longest_backoff{2'000};
/// How long what was not sent yet waits for a server that has just gone: as long as one takes that is started anew.
constexpr milliseconds patience{500};
/// How long is waited for replies at the end.
constexpr milliseconds last_wait{1'000};
/// After a refusal, until it is over.
constexpr std::chrono::seconds calm{10};
/// A connection that has been silent for so long is used, lest what is between forgets it.
constexpr milliseconds longest_silence{15'000};
/// Replies that may be on their way: the server keeps them in memory while we are slow.
constexpr std::size_t most_sent = 1024;
/// Changes that one command asks for: others wait for the server meanwhile.
constexpr std::size_t most_together = 64;
constexpr std::size_t most_bytes_together = std::size_t{1} << 20;
/// Beside the largest value: several pairs, or a page of a list.
constexpr std::size_t bytes_beside = max_batch_bytes + (std::size_t{4} << 20);

milliseconds watch_interval(milliseconds timeout) {
  return std::clamp(timeout / 4, milliseconds(10), milliseconds(1'000));
}

std::string name_of(const StoreOptions& options) {
  const RedisOptions& redis = options.redis;
  if (!redis.sentinel.empty()) return "the store " + redis.sentinel + " of " + redis.addresses.front();
  return "the store " + redis.addresses.front();
}

}  // namespace

Link::Link(const StoreOptions& options, std::size_t max_value, Say say)
    : options_(options),
      max_value_(max_value),
      trouble_(name_of(options), say),
      refusals_(name_of(options), say),
      lost_at_(Clock::now()),
      backoff_(first_backoff),
      listener_(io_, options, name_of(options), std::move(say)) {}

Result<std::shared_ptr<Link>> Link::open(const StoreOptions& options, std::size_t max_value, Say say) {
  std::shared_ptr<Link> link(new Link(options, max_value, std::move(say)));
  std::future<NoServer> first = link->first_.get_future();
  link->thread_ = std::thread([self = link.get()] { self->run(); });
  NoServer why = first.get();
  if (why.for_good) return Error{name_of(options) + ": " + why.why};
  return link;
}

Link::~Link() {
  asio::post(io_, [this] {
    take_submitted();
    stop_at_ = Clock::now() + last_wait;
    stop_when_done();
  });
  thread_.join();
}

void Link::submit(Job job) noexcept {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = submitted_.empty();
    submitted_.push_back(std::move(job));
  }
  if (first) asio::post(io_, [this] { take_submitted(); });
}

void Link::listen_to(std::shared_ptr<Space> space) {
  asio::post(io_, [this, space = std::move(space)]() mutable {
    if (stop_at_ == Clock::time_point::max()) listener_.listen_to(std::move(space));
  });
}

// ---- Its thread ----

void Link::run() {
  begin_thread("store-redis");
  dial();
  watch();
  io_.run();
}

void Link::take_submitted() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(submitted_);
  }
  for (Job& job : taken_) waiting_.push_back(std::move(job));
  taken_.clear();
  if (away_) return fail_waiting();
  send_waiting();
}

void Link::send_waiting() {
  if (wire_ == nullptr) return;
  std::vector<Job> joining;
  std::size_t bytes = 0;
  while (!waiting_.empty() && sent_.size() < most_sent) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (!job.wanted()) {
      job.give_up();
      continue;
    }
    const bool joins = job.can_join();
    const bool full = joining.size() == most_together || bytes + job.bytes() > most_bytes_together;
    if (!joining.empty() && (!joins || full || !job.joins(joining.front()))) {
      send_together(joining);
      bytes = 0;
    }
    if (joins) {
      bytes += job.bytes();
      joining.push_back(std::move(job));
    } else {
      send(std::move(job));
    }
  }
  send_together(joining);
  wire_->flush();
}

void Link::send(Job job) {
  if (auto answer = job.write(digests_, wire_->output())) return end(job, std::move(*answer));
  if (sent_.empty()) asked_at_ = Clock::now();
  sent_.push_back({std::move(job)});
}

void Link::send_together(std::vector<Job>& jobs) {
  if (jobs.size() == 1) send(std::move(jobs.front()));
  if (jobs.size() > 1) {
    Job::write_together(jobs, digests_, wire_->output());
    if (sent_.empty()) asked_at_ = Clock::now();
    std::size_t together = jobs.size();
    for (Job& job : jobs) sent_.push_back({std::move(job), std::exchange(together, 1)});
  }
  jobs.clear();
}

void Link::end(Job& job, Answer answer, Clock::time_point now, Wakes& wakes) {
  const auto time = job.finish(std::move(answer), now, wakes);
  trouble_.took(time, job.module(), store::name_of(job.operation()));
}

void Link::end(Job& job, Answer answer) {
  Wakes wakes;
  end(job, std::move(answer), Clock::now(), wakes);
}

void Link::end_sent() {
  for (Sent& one : std::exchange(sent_, {})) {
    if (one.job) end(*one.job, {});
  }
  wakes_.wake_up();
}

void Link::replied(Reply reply) {
  if (sent_.empty()) {
    std::exchange(wire_, nullptr)->close();
    return lost("it answers what was not asked");
  }
  const std::size_t together = sent_.front().together;
  // Then nothing was changed, and of several one may do what another may not.
  const bool each_alone = together > 1 && reply.is_error("OOM");
  const bool once_more = together > 1 && reply.is_error("NOSCRIPT");
  std::vector<Job> again;
  bool leave = false;
  std::string trouble;
  for (std::size_t i = 0; i < together; ++i) {
    std::optional<Job> job = std::move(sent_.front().job);
    sent_.pop_front();
    if (!job) continue;
    if (each_alone) {
      send(std::move(*job));
    } else if (once_more) {
      static_cast<void>(job->take(reply));  // notes that the script is to be told
      again.push_back(std::move(*job));
    } else {
      Reply own = together == 1 ? std::move(reply) : Job::reply_for(i, together, reply);
      leave = take(std::move(*job), std::move(own), trouble) || leave;
    }
  }
  send_together(again);
  if (leave) {
    std::exchange(wire_, nullptr)->close();
    return lost(trouble);
  }
  if (!waiting_.empty() && sent_.size() <= most_sent / 2) send_waiting();
  stop_when_done();
}

void Link::caught_up() {
  wire_->flush();  // of what had to be asked once more
  wakes_.wake_up();
}

bool Link::take(Job job, Reply reply, std::string& trouble) {
  Job::Taken taken = job.take(std::move(reply));
  note(taken);
  if (taken.answer) {
    end(job, std::move(*taken.answer), wire_->heard(), wakes_);
  } else if (job.wanted()) {
    send(std::move(job));
  } else {
    job.give_up();
  }
  if (taken.leave_server) trouble = std::move(taken.trouble);
  return taken.leave_server;
}

/// A server that refuses some operations may do others all the while: only time tells that it does all of them again.
void Link::note(const Job::Taken& taken) {
  const bool refused = !taken.trouble.empty();
  if (!refused && refused_at_ == Clock::time_point()) return;
  const auto now = Clock::now();
  if (refused) {
    refused_at_ = now;
    refusals_.at(taken.trouble, taken.answer && taken.answer->outcome == Outcome::full ? "FULL" : "UNAVAILABLE");
  } else if (now - refused_at_ > calm) {
    refused_at_ = {};
    refusals_.over();
  }
}

// ---- A server that goes, and one that comes ----

void Link::dial() {
  dialer_ = std::make_shared<Dialer>(io_, options_, max_value_ + bytes_beside);
  dialer_->start([this](std::optional<Dialed> found, const NoServer& why) { dialed(std::move(found), why); });
}

void Link::dialed(std::optional<Dialed> found, const NoServer& why) {
  const auto dialer = std::exchange(dialer_, nullptr);  // which has `why`
  const bool first = !std::exchange(first_told_, true);
  if (found) {
    digests_ = std::move(found->digests);
    wire_ = std::move(found->wire);
    wire_->belong_to(*this);
    backoff_ = first_backoff;
    away_ = false;
    health_.set(true);
    trouble_.over();
    if (first) first_.set_value({});
    return send_waiting();
  }
  if (!first || !why.for_good) trouble_.at(why.why);
  if (first) first_.set_value(why);
  if (first || Clock::now() - lost_at_ >= patience) {
    away_ = true;
    health_.set(false);
    fail_waiting();
  }
  std::uniform_real_distribution<double> jitter(0.8, 1.2);
  retry_.expires_after(
      milliseconds(static_cast<std::int64_t>(static_cast<double>(backoff_.count()) * jitter(random_))));
  backoff_ = std::min(backoff_ * 2, longest_backoff);
  retry_.async_wait([this](const asio::error_code& error) {
    if (!error) dial();
  });
}

void Link::lost(const std::string& why) {
  wire_ = nullptr;
  lost_at_ = Clock::now();
  trouble_.at(why);
  end_sent();  // whether they were done cannot be known
  if (stop_at_ != Clock::time_point::max()) return stop_when_done();
  listener_.begin_anew();
  dial();
}

void Link::fail_waiting() {
  for (Job& job : std::exchange(waiting_, {})) end(job, {});
}

void Link::watch() {
  watch_.expires_after(watch_interval(options_.timeout));
  watch_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    const auto now = Clock::now();
    if (wire_ != nullptr && !sent_.empty() && now - std::max(wire_->heard(), asked_at_) > options_.timeout) {
      std::exchange(wire_, nullptr)->close();
      lost("no answer within " + std::to_string(options_.timeout.count()) + " ms");
    } else if (wire_ != nullptr && sent_.empty() && now - wire_->heard() > longest_silence) {
      append_command(wire_->output(), {"PING"});
      asked_at_ = now;
      sent_.push_back({});
      wire_->flush();
    }
    stop_when_done();
    watch();
  });
}

void Link::stop_when_done() {
  if (stop_at_ == Clock::time_point::max()) return;
  const auto wanted = [](const Sent& sent) { return sent.job && sent.job->wanted(); };
  const bool waits = wire_ != nullptr && (std::ranges::any_of(sent_, wanted) || !waiting_.empty());
  if (waits && Clock::now() < stop_at_) return;
  if (auto dialer = std::exchange(dialer_, nullptr)) dialer->cancel();
  if (auto wire = std::exchange(wire_, nullptr)) wire->close();
  end_sent();
  fail_waiting();
  listener_.stop();
  retry_.cancel();
  watch_.cancel();
  work_.reset();
  io_.stop();
}

// ---- The store of a module ----

SpaceStore::SpaceStore(std::shared_ptr<Link> link, const std::shared_ptr<Meter>& meter, const SharedStateLimits& limits)
    : link_(std::move(link)),
      space_(std::make_shared<Space>(link_->options().redis.prefix, meter, watches(), limits,
                                     link_->options().max_waiting)) {
  // They may outlive the store.
  watches()->when_watched([link = std::weak_ptr(link_), space = std::weak_ptr(space_)] {
    const auto its_link = link.lock();
    auto its_space = space.lock();
    if (its_link && its_space) its_link->listen_to(std::move(its_space));
  });
}

Result<std::shared_ptr<SpaceStore>> SpaceStore::open(const ModuleOptions& module, Say say) {
  auto link = Link::open(module.store, module.shared_state.max_kv_value, std::move(say));
  if (!link.ok()) return std::move(link).error();
  return std::make_shared<SpaceStore>(std::move(link).value(), std::make_shared<Meter>(module.name),
                                      module.shared_state);
}

Result<std::vector<std::string>> SpaceStore::counters() {
  std::vector<std::string> names;
  std::string cursor = "0";
  do {
    std::promise<Reply> promise;
    auto reply_to_come = promise.get_future();
    const auto ask = [&](std::string& to) {
      append_command(to, {"SSCAN", space_->base() + "counters", cursor, "COUNT", "1000"});
    };
    if (!space_->enter(0)) return Error{"too many operations wait"};
    link_->submit(Job(space_, ask, [&](Reply reply) { promise.set_value(std::move(reply)); }));
    Reply reply = reply_to_come.get();
    if (!reply.is(Reply::Kind::list) || reply.items.size() != 2) return Error{"the store does not answer"};
    cursor = reply.items[0].text;
    for (Reply& name : reply.items[1].items) names.push_back(std::move(name.text));
  } while (cursor != "0");
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void SpaceStore::submit(std::unique_ptr<Request> request) noexcept {
  if (!space_->meter().admit(request->operation)) return request->answer({});
  if (!space_->enter(size_of(request->operation))) {
    space_->meter().refuse();
    return request->answer({});
  }
  link_->submit(Job(space_, std::move(request)));
}

}  // namespace wasm_grpc::store::redis
