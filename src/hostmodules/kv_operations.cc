#include "hostmodules/kv_operations.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "hostmodules/kv_arguments.h"
#include "hostmodules/kv_batches.h"
#include "hostmodules/modules.h"

namespace wasm_grpc::hostmodules {

namespace {

constexpr std::size_t most_changed_keys = 64;
/// Of a watch: any key may have changed.
constexpr std::int64_t all_may_have_changed = 1;

std::size_t bytes_of(const store::Answer& answer) noexcept { return answer.value.size() + written_size(answer); }

Asked read_request(KvAction action, std::span<const std::byte> request, std::size_t max_value) {
  // Answers are bounded by what the instance may have of them.
  constexpr std::size_t room = KvOperations::max_answer_bytes;
  const std::string_view text(reinterpret_cast<const char*>(request.data()), request.size());
  switch (action) {
    case KvAction::get:
      if (!is_key(text)) return {INVALID};
      return {OK, store::Get{std::string(text)}};
    case KvAction::list:
      return ask_list(request, room);
    case KvAction::get_many:
      return ask_many(request, room);
    case KvAction::change_each:
    case KvAction::change_all:
      return ask_changes(request, action == KvAction::change_all, max_value, room);
    case KvAction::set:
    case KvAction::remove:
    case KvAction::swap: {
      Asked asked = ask_change(request, max_value);
      auto* const set = std::get_if<store::Set>(&asked.operation);
      if (asked.refusal == OK && (set == nullptr) != (action == KvAction::remove)) return {INVALID};
      if (set != nullptr) set->tells_old = action == KvAction::swap;
      return asked;
    }
    case KvAction::watch:
      break;
  }
  return {INVALID};
}

/// An answer as the guest takes it: what the function would have returned, and what it would have written.
std::string written(KvAction action, const store::Answer& answer) {
  std::string bytes(sizeof(std::int64_t) + bytes_of(answer), '\0');
  const std::span<std::byte> rest = std::as_writable_bytes(std::span(bytes)).subspan(sizeof(std::int64_t));
  std::int64_t result = number_of(answer.outcome);
  std::size_t used = 0;
  const auto with_length = [&](std::int32_t length) {
    result = std::min(length, std::int32_t{OK});
    used = static_cast<std::size_t>(std::max(length, 0));
  };
  switch (action) {
    case KvAction::get:
      if (answer.outcome != store::Outcome::done) break;
      result = static_cast<std::int64_t>(answer.number);
      std::memcpy(rest.data(), answer.value.data(), answer.value.size());
      used = answer.value.size();
      break;
    case KvAction::set:
      if (answer.outcome == store::Outcome::done) result = static_cast<std::int64_t>(answer.number);
      break;
    case KvAction::list:
      with_length(write_list(answer, rest));
      break;
    case KvAction::get_many:
      with_length(write_many(answer, rest));
      break;
    case KvAction::change_each:
    case KvAction::change_all:
      result = write_changes(answer, rest);
      used = answer.each.size() * sizeof(std::int64_t);
      break;
    case KvAction::swap: {
      OldPair about;
      result = write_swap(answer, rest.subspan(sizeof(OldPair)), about);
      std::memcpy(rest.data(), &about, sizeof(about));
      used = sizeof(about) + static_cast<std::size_t>(std::max(about.length, 0));
      break;
    }
    default:
      break;
  }
  std::memcpy(bytes.data(), &result, sizeof(result));
  bytes.resize(sizeof(result) + used);
  return bytes;
}

}  // namespace

/// Bytes of answers that were not taken.
struct KvOperations::Held {
  std::atomic<std::size_t> bytes = 0;
};

class KvOperations::Operation {
 public:
  Operation() = default;
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// What the guest may take; nullptr while there is nothing.
  [[nodiscard]] virtual const std::string* offer() = 0;
  /// It has taken it. True when that is all.
  [[nodiscard]] virtual bool taken() noexcept = 0;
  /// Nobody waits any more.
  virtual void close() noexcept = 0;
};

// ---- What is answered once ----

class KvOperations::Pending final : public Operation {
 public:
  Pending(KvAction action, std::chrono::steady_clock::time_point limit, std::shared_ptr<Held> held)
      : action_(action), limit_(limit), held_(std::move(held)) {}
  ~Pending() override { held_->bytes.fetch_sub(bytes_, std::memory_order_relaxed); }

  const std::string* offer() override {
    if (!offered_.empty()) return &offered_;
    const std::lock_guard lock(mutex_);
    if (!answer_) {
      if (std::chrono::steady_clock::now() < limit_) return nullptr;
      answer_.emplace();  // it is late
    }
    offered_ = written(action_, *answer_);
    return &offered_;
  }
  bool taken() noexcept override { return true; }
  void close() noexcept override { wanted_.store(false, std::memory_order_relaxed); }

  // ---- On any thread ----

  [[nodiscard]] bool wanted() const noexcept {
    return wanted_.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < limit_;
  }
  void give(store::Answer answer) noexcept {
    const std::size_t bytes = bytes_of(answer);
    const std::lock_guard lock(mutex_);
    if (answer_) return;
    if (held_->bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes > max_answer_bytes) {
      held_->bytes.fetch_sub(bytes, std::memory_order_relaxed);
      answer = without_values(std::move(answer));
    } else {
      bytes_ = bytes;
    }
    answer_ = std::move(answer);
  }

 private:
  /// What is left of an answer for which there is no room: that a change was made, but nothing that was read.
  [[nodiscard]] store::Answer without_values(store::Answer answer) const noexcept {
    if (action_ == KvAction::swap || action_ == KvAction::change_each || action_ == KvAction::change_all) {
      for (store::Answer& one : answer.each) {
        if (!one.value.empty()) one = {store::Outcome::full};
      }
      return answer;
    }
    return {action_ == KvAction::set || action_ == KvAction::remove ? answer.outcome : store::Outcome::full,
            answer.number};
  }

  const KvAction action_;
  const std::chrono::steady_clock::time_point limit_;
  const std::shared_ptr<Held> held_;
  std::atomic<bool> wanted_ = true;
  std::mutex mutex_;
  std::optional<store::Answer> answer_;
  std::size_t bytes_ = 0;
  std::string offered_;  // where the instance runs
};

/// Answered once: by the store, or, as `unavailable`, by its end.
class KvOperations::SubmittedRequest final : public store::Request {
 public:
  SubmittedRequest(store::Operation its_operation, KvAction action, std::shared_ptr<Pending> pending,
                   std::shared_ptr<HostEvents> events, std::int32_t number)
      : Request(std::move(its_operation)),
        action_(action),
        pending_(std::move(pending)),
        events_(std::move(events)),
        number_(number) {}
  ~SubmittedRequest() override {
    if (pending_ != nullptr) give({}, nullptr);
  }

  [[nodiscard]] bool wanted() const noexcept override { return pending_ != nullptr && pending_->wanted(); }
  void answer(store::Answer answer, store::Wakes& wakes) noexcept override { give(std::move(answer), &wakes); }

 private:
  void give(store::Answer answer, store::Wakes* wakes) noexcept {
    std::exchange(pending_, nullptr)->give(std::move(answer));
    events_->post(number_, static_cast<std::int32_t>(action_), wakes);
  }

  const KvAction action_;
  std::shared_ptr<Pending> pending_;
  const std::shared_ptr<HostEvents> events_;
  const std::int32_t number_;
};

// ---- Watches ----

class KvOperations::Watch final : public Operation, public store::Watcher {
 public:
  Watch(store::Watched watched, store::Watches& watches, std::shared_ptr<HostEvents> events, std::int32_t number)
      : watched_(std::move(watched)), watches_(watches), events_(std::move(events)), number_(number) {}

  const std::string* offer() override {
    if (!offered_.empty()) return &offered_;
    const std::lock_guard lock(mutex_);
    if (keys_.empty() && !missed_) return nullptr;
    const std::int64_t result = missed_ ? all_may_have_changed : std::int64_t{OK};
    offered_.assign(reinterpret_cast<const char*>(&result), sizeof(result));
    for (const std::string& key : keys_) {
      const auto size = static_cast<std::uint32_t>(key.size());
      offered_.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(key);
    }
    keys_.clear();
    missed_ = false;
    return &offered_;
  }
  bool taken() noexcept override {
    offered_.clear();
    return false;
  }
  void close() noexcept override { watches_.remove(watched_, this); }

  void changed(std::string_view key) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      if (!missed_) keys_.emplace(key);
      if (keys_.size() > most_changed_keys) note_missed();
    }
    events_->post(number_, static_cast<std::int32_t>(KvAction::watch));
  }
  void may_have_missed() noexcept override {
    {
      const std::lock_guard lock(mutex_);
      note_missed();
    }
    events_->post(number_, static_cast<std::int32_t>(KvAction::watch));
  }

  [[nodiscard]] const store::Watched& watched() const noexcept { return watched_; }

 private:
  void note_missed() noexcept {
    keys_.clear();
    missed_ = true;
  }

  const store::Watched watched_;
  store::Watches& watches_;  // of the module, whose state outlives its instances
  const std::shared_ptr<HostEvents> events_;
  const std::int32_t number_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> keys_;
  bool missed_ = false;
  std::string offered_;  // where the instance runs
};

// ---- The functions ----

KvOperations::KvOperations() : held_(std::make_shared<Held>()) {}

KvOperations::~KvOperations() {
  for (const auto& [number, operation] : operations_) operation->close();
}

const std::shared_ptr<HostEvents>& KvOperations::open_events() {
  if (events_ == nullptr) events_ = std::make_shared<HostEvents>();
  return events_;
}

std::int32_t KvOperations::begin(const KvBackend& backend, std::int32_t action, std::span<const std::byte> request) {
  if (events_ == nullptr) return INVALID;  // in a start, and in handler style
  if (action < 0 || action > static_cast<std::int32_t>(KvAction::watch)) return INVALID;
  const auto what = static_cast<KvAction>(action);
  if (what == KvAction::watch) return begin_watch(backend, request);
  Asked asked = read_request(what, request, backend.max_value);
  if (asked.refusal != OK) return asked.refusal;
  if (operations_.size() - watching_ >= max_operations) return FULL;
  const auto limit = std::chrono::steady_clock::now() + backend.timeout;
  const std::int32_t number = events_->begin(limit, action);
  const auto pending = std::make_shared<Pending>(what, limit, held_);
  operations_.emplace(number, pending);
  backend.submit(std::make_unique<SubmittedRequest>(std::move(asked.operation), what, pending, events_, number));
  return number;
}

std::int32_t KvOperations::begin_watch(const KvBackend& backend, std::span<const std::byte> request) {
  std::uint32_t kind = 0;
  if (request.size() < sizeof(kind)) return INVALID;
  std::memcpy(&kind, request.data(), sizeof(kind));
  const auto bytes = request.subspan(sizeof(kind));
  std::string key(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (kind > 1 || key.size() > store::max_key_bytes || (kind == 0 && key.empty())) return INVALID;
  if (watching_ >= max_watches) return FULL;
  const std::int32_t number =
      events_->begin(std::chrono::steady_clock::time_point::max(), static_cast<std::int32_t>(KvAction::watch));
  const auto watch =
      std::make_shared<Watch>(store::Watched{std::move(key), kind == 1}, backend.watches, events_, number);
  operations_.emplace(number, watch);
  ++watching_;
  backend.watches.add(watch->watched(), watch);
  return number;
}

std::int32_t KvOperations::take(std::int32_t number, std::span<std::byte> answer) {
  const auto found = operations_.find(number);
  if (found == operations_.end()) return CLOSED;
  const std::string* const offered = found->second->offer();
  if (offered == nullptr) return AGAIN;
  const auto size = static_cast<std::int32_t>(offered->size());
  if (offered->size() > answer.size()) return size;
  std::memcpy(answer.data(), offered->data(), offered->size());
  if (found->second->taken()) {
    events_->end(number);
    operations_.erase(found);
  }
  return size;
}

std::int32_t KvOperations::close(std::int32_t number) {
  const auto found = operations_.find(number);
  if (found == operations_.end()) return CLOSED;
  if (dynamic_cast<const Watch*>(found->second.get()) != nullptr) --watching_;
  found->second->close();
  events_->end(number);
  operations_.erase(found);
  return OK;
}

KvOperations* kv_operations_of(const wasm::ModuleStates& module, wasm::InstanceStates& instance) {
  for (std::size_t i = 0; i < module.entries().size(); ++i) {
    const auto& entry = module.entries()[i];
    if (entry.module != nullptr && entry.module->name() == kv_module) {
      return static_cast<KvOperations*>(instance.instance_state(i));
    }
  }
  return nullptr;
}

}  // namespace wasm_grpc::hostmodules
