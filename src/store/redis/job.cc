#include "store/redis/job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "store/redis/command.h"

namespace wasm_grpc::store::redis {

namespace {

constexpr std::size_t version_digits = 16;
/// The only thread of a link, for Meter.
constexpr std::size_t link_thread = 0;
/// What one script of a list looks at, at most: others wait for it meanwhile.
constexpr std::size_t most_looks = 1000;
constexpr std::size_t parts_of_listed = 4;
/// That fit into nanoseconds.
constexpr std::int64_t most_milliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;

std::string signed_text(std::uint64_t number) { return std::to_string(static_cast<std::int64_t>(number)); }

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

std::string condition_text(const Condition& condition) {
  if (!condition) return {};
  std::string text = std::to_string(*condition);
  if (text.size() < version_digits) text.insert(0, version_digits - text.size(), '0');
  return text;
}

/// In milliseconds, of which one is the least.
std::string ttl_text(const std::optional<std::chrono::nanoseconds>& ttl) {
  if (!ttl) return {};
  return std::to_string(std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(*ttl).count(), 1));
}

/// What comes after all keys with that prefix, as ZRANGEBYLEX takes it.
std::string end_of(std::string prefix) {
  while (prefix.ends_with('\xff')) prefix.pop_back();
  if (prefix.empty()) return "+";
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return "(" + prefix;
}

/// The steps of Script::add_around: 2^64 less, where the sum of two that are not negative was too large; or more, where
/// that of two that are was too small.
std::array<std::string, 3> steps_around(std::int64_t by) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (by >= 0) return {std::to_string(least), std::to_string(by + least), "0"};
  return {std::to_string(most), "1", std::to_string(by - least)};
}

Answer plain(Outcome outcome, std::uint64_t number = 0) {
  Answer answer;
  answer.outcome = outcome;
  answer.number = number;
  return answer;
}

constexpr const char* not_ours = "a pair that is none of ours";

/// A pair as it is kept, or none (""). Nothing for what is neither.
std::optional<Answer> pair_in(std::string& text) {
  if (text.empty()) return plain(Outcome::absent);
  const auto version = number_in(std::string_view(text).substr(0, version_digits));
  if (!version || *version <= 0 || text.size() < version_digits) return std::nullopt;
  Answer answer = plain(Outcome::done, static_cast<std::uint64_t>(*version));
  answer.value = std::move(text);
  answer.value.erase(0, version_digits);
  return answer;
}

Job::Taken odd() { return {.answer = Answer(), .trouble = "a reply of another kind than was asked for"}; }

}  // namespace

Job::Job(std::shared_ptr<Space> space, std::unique_ptr<Request> request)
    : space_(std::move(space)),
      request_(std::move(request)),
      since_(std::chrono::steady_clock::now()),
      bytes_(size_of(request_->operation)) {}

namespace {

/// Nobody waits for an answer, but for the reply that comes before it.
class Bare final : public Request {
 public:
  explicit Bare(std::function<void(Reply)> take) : Request(List{}), take_(std::move(take)) {}
  [[nodiscard]] bool wanted() const noexcept override { return true; }
  void answer(Answer, Wakes&) noexcept override {
    if (take_) take_({});
  }
  void take(Reply reply) { std::exchange(take_, nullptr)(std::move(reply)); }

 private:
  std::function<void(Reply)> take_;
};

}  // namespace

Job::Job(std::shared_ptr<Space> space, std::function<void(std::string& to)> write, std::function<void(Reply)> take)
    : space_(std::move(space)),
      request_(std::make_unique<Bare>(std::move(take))),
      since_(std::chrono::steady_clock::now()),
      bytes_(0) {
  course().write = std::move(write);
}

std::chrono::nanoseconds Job::finish(Answer answer, std::chrono::steady_clock::time_point now, Wakes& wakes) {
  const auto time = now - since_;
  space_->leave(bytes_);
  space_->meter().count(link_thread, request_->operation, answer, time);
  if (!space_->heard()) tell_watchers(answer);
  request_->answer(std::move(answer), wakes);
  return time;
}

void Job::tell_watchers(const Answer& answer) const noexcept {
  if (answer.outcome != Outcome::unavailable) {
    space_->watches().tell(request_->operation, answer);
  } else if (changes(request_->operation)) {
    space_->watches().tell_missed();  // it may have been done
  }
}

void Job::give_up() {
  space_->leave(bytes_);
  space_->meter().give_up(link_thread);
}

// ---- What is sent ----

std::optional<Answer> Job::write(const Digests& digests, std::string& to) {
  if (is_command()) {
    course_->write(to);
    return std::nullopt;
  }
  const SharedStateLimits& limits = space_->limits();
  if (const auto* const get = std::get_if<Get>(&operation())) {
    // No more than the module may have of a value, and one byte by which it is seen that there is more.
    append_count(to, 4);
    append_argument(to, {"GETRANGE"});
    append_argument(to, {space_->pairs(), get->key});
    append_argument(to, {"0"});
    append_argument(to, {std::to_string(version_digits + limits.max_kv_value)});
  } else if (const auto* const set = std::get_if<Set>(&operation())) {
    if (set->tells_old) {
      const Change change(*set);
      write_changes({&change, 1}, false, std::to_string(version_digits + limits.max_kv_value), digests, to);
      return std::nullopt;
    }
    write_script(Script::set, digests, space_->base(),
                 {set->key, set->value, ttl_text(set->ttl), condition_text(set->condition),
                  std::to_string(limits.max_kv_bytes), std::to_string(pair_bytes)},
                 to);
  } else if (const auto* const remove = std::get_if<Remove>(&operation())) {
    write_script(Script::remove, digests, space_->base(),
                 {remove->key, condition_text(remove->condition), std::to_string(pair_bytes)}, to);
  } else if (const auto* const list = std::get_if<List>(&operation())) {
    if (list->most == 0) return plain(Outcome::done);
    write_list(*list, digests, to);
  } else if (const auto* const find = std::get_if<FindCounter>(&operation())) {
    write_script(Script::find_counter, digests, space_->base(), {find->name, std::to_string(limits.max_counters)}, to);
  } else if (const auto* const load = std::get_if<LoadCounter>(&operation())) {
    const std::string* const name = space_->name_of(load->counter);
    if (name == nullptr) return plain(Outcome::absent);
    append_command(to, {"GET", space_->counter(*name)});
  } else if (const auto* const change = std::get_if<ChangeCounter>(&operation())) {
    const std::string* const name = space_->name_of(change->counter);
    if (name == nullptr) return plain(Outcome::absent);
    write_change(*change, space_->counter(*name), digests, to);
  } else if (const auto* const get_many = std::get_if<GetMany>(&operation())) {
    write_many(*get_many, digests, to);
  } else if (const auto* const many = std::get_if<ChangeMany>(&operation())) {
    write_changes(many->changes, many->together, "", digests, to);
  }
  return std::nullopt;
}

void Job::write_script(Script script, const Digests& digests, std::string_view key,
                       std::span<const std::string_view> arguments, std::string& to) const {
  append_command(
      to,
      {tells_script() ? "EVAL" : "EVALSHA",
       tells_script() ? text_of(script) : std::string_view(digests[static_cast<std::size_t>(script)]), "1", key},
      arguments);
}

void Job::write_many(const GetMany& many, const Digests& digests, std::string& to) const {
  const std::string most = std::to_string(many.most_bytes);
  std::vector<std::string_view> arguments = {most};
  arguments.insert(arguments.end(), many.keys.begin(), many.keys.end());
  write_script(Script::get_many, digests, space_->base(), arguments, to);
}

namespace {

/// What Script::change_many takes. The changes outlive it.
class ChangeArguments {
 public:
  ChangeArguments(const SharedStateLimits& limits, std::size_t changes, bool together, std::string_view told)
      : most_(std::to_string(limits.max_kv_bytes)), fixed_(std::to_string(pair_bytes)) {
    texts_.reserve(2 * changes);  // none moves
    all_.reserve(4 + 5 * changes);
    all_ = {together ? "1" : "", most_, fixed_, told};
  }
  void add(const Set& set) { add("set", set.key, set.value, ttl_text(set.ttl), set.condition); }
  void add(const Remove& remove) { add("remove", remove.key, {}, {}, remove.condition); }
  [[nodiscard]] std::span<const std::string_view> all() const noexcept { return all_; }

 private:
  void add(std::string_view what, std::string_view key, std::string_view value, std::string ttl,
           const Condition& condition) {
    const std::string& ttl_kept = texts_.emplace_back(std::move(ttl));
    all_.insert(all_.end(), {what, key, value, ttl_kept, texts_.emplace_back(condition_text(condition))});
  }

  const std::string most_;
  const std::string fixed_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> all_;
};

}  // namespace

void Job::write_changes(std::span<const Change> changes, bool together, std::string_view told, const Digests& digests,
                        std::string& to) const {
  ChangeArguments arguments(space_->limits(), changes.size(), together, told);
  for (const Change& change : changes) std::visit([&](const auto& one) { arguments.add(one); }, change);
  write_script(Script::change_many, digests, space_->base(), arguments.all(), to);
}

bool Job::can_join() const noexcept {
  if (course_ != nullptr) return false;
  const auto* const set = std::get_if<Set>(&operation());
  return set != nullptr ? !set->tells_old : std::holds_alternative<Remove>(operation());
}

void Job::write_together(std::span<const Job> jobs, const Digests& digests, std::string& to) {
  const Job& first = jobs.front();
  ChangeArguments arguments(first.space_->limits(), jobs.size(), false, "");
  for (const Job& job : jobs) {
    if (const auto* const set = std::get_if<Set>(&job.operation())) {
      arguments.add(*set);
    } else {
      arguments.add(*std::get_if<Remove>(&job.operation()));
    }
  }
  first.write_script(Script::change_many, digests, first.space_->base(), arguments.all(), to);
}

Reply Job::reply_for(std::size_t job, std::size_t count, const Reply& reply) {
  // An error is of all of them: each makes of it what it would of its own.
  if (reply.is(Reply::Kind::list) && reply.items.size() == count + 1) return reply.items[job + 1];
  return reply.is(Reply::Kind::error) ? reply : Reply{};
}

void Job::write_list(const List& list, const Digests& digests, std::string& to) {
  const Course& so_far = course();
  const std::string& after = so_far.after.empty() ? list.after : so_far.after;
  const std::string from = !after.empty() && after >= list.prefix ? "(" + after : "[" + list.prefix;
  write_script(
      Script::list, digests, space_->base(),
      {from, end_of(list.prefix), std::to_string(list.most - so_far.listed.size()), std::to_string(most_looks)}, to);
}

void Job::write_change(const ChangeCounter& change, const std::string& key, const Digests& digests,
                       std::string& to) const {
  using Kind = ChangeCounter::Kind;
  const std::string operand = signed_text(change.operand);
  switch (change.kind) {
    case Kind::add:
      if (course_ != nullptr && course_->around) {
        const auto steps = steps_around(static_cast<std::int64_t>(change.operand));
        return write_script(Script::add_around, digests, key, {operand, steps[0], steps[1], steps[2]}, to);
      }
      return append_command(to, {"INCRBY", key, operand});
    case Kind::store:
    case Kind::exchange:
      return append_command(to, {"GETSET", key, operand});
    case Kind::compare_exchange:
      return write_script(Script::compare_exchange, digests, key, {signed_text(change.expected), operand}, to);
  }
}

// ---- What comes back ----

Job::Taken Job::take(Reply reply) {
  if (is_command()) {
    static_cast<Bare&>(*request_).take(std::move(reply));
    return {.answer = plain(Outcome::done)};
  }
  if (reply.is(Reply::Kind::error)) return take_error(reply);
  if (std::holds_alternative<Get>(operation())) return take_pair(reply);
  if (std::holds_alternative<GetMany>(operation())) return take_many(reply);
  const auto* const set = std::get_if<Set>(&operation());
  if (std::holds_alternative<ChangeMany>(operation()) || (set != nullptr && set->tells_old)) return take_changes(reply);
  if (const auto* const list = std::get_if<List>(&operation())) return take_list(*list, reply);
  if (std::holds_alternative<LoadCounter>(operation()) || std::holds_alternative<ChangeCounter>(operation())) {
    return take_value(reply);
  }
  return take_verdict(reply);
}

Job::Taken Job::take_error(const Reply& reply) {
  if (reply.is_error("NOSCRIPT") && !tells_script()) {
    course().tell_script = true;
    return {};
  }
  const auto* const change = std::get_if<ChangeCounter>(&operation());
  if (change != nullptr && change->kind == ChangeCounter::Kind::add && !course().around &&
      reply.text.find("would overflow") != std::string::npos) {
    course().around = true;
    return {};
  }
  const std::string said = reply.text.substr(0, 200);
  if (reply.is_error("OOM")) return {.answer = all_full(), .trouble = said};
  for (const std::string_view word : {"MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT"}) {
    if (reply.is_error(word)) {
      return {.answer = Answer(), .trouble = "it is part of a cluster, which is not supported (" + said + ")"};
    }
  }
  for (const std::string_view word : {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"}) {
    if (reply.is_error(word)) return {.answer = Answer(), .trouble = said, .leave_server = true};
  }
  return {.answer = Answer(), .trouble = said};
}

Answer Job::all_full() const {
  const auto* const many = std::get_if<ChangeMany>(&operation());
  if (many == nullptr) return plain(Outcome::full);
  Answer answer = plain(many->together ? Outcome::full : Outcome::done);
  answer.each.assign(many->changes.size(), plain(many->together ? Outcome::done : Outcome::full));
  return answer;
}

Job::Taken Job::take_pair(Reply& reply) const {
  if (!reply.is(Reply::Kind::text)) return odd();
  auto pair = pair_in(reply.text);
  if (!pair) return {.answer = Answer(), .trouble = not_ours};
  if (pair->value.size() > space_->limits().max_kv_value) {
    return {.answer = Answer(), .trouble = "a value is larger than the module's may be (max-kv-value)"};
  }
  return {.answer = std::move(pair)};
}

Job::Taken Job::take_many(Reply& reply) const {
  if (reply.is(Reply::Kind::number) && reply.number == verdict_too_large) return {.answer = plain(Outcome::too_large)};
  const GetMany& asked = *std::get_if<GetMany>(&operation());
  if (!reply.is(Reply::Kind::list) || reply.items.size() != asked.keys.size()) return odd();
  Answer answer = plain(Outcome::done);
  std::size_t bytes = 0;
  for (Reply& item : reply.items) {
    if (!item.is(Reply::Kind::text)) return odd();
    auto pair = pair_in(item.text);
    if (!pair) return {.answer = Answer(), .trouble = not_ours};
    bytes += pair->value.size();
    answer.each.push_back(std::move(*pair));
  }
  if (bytes > asked.most_bytes) return odd();
  return {.answer = std::move(answer)};
}

Job::Taken Job::take_changes(Reply& reply) const {
  const auto* const many = std::get_if<ChangeMany>(&operation());
  const std::size_t count = many != nullptr ? many->changes.size() : 1;
  std::vector<Reply>& parts = reply.items;
  if (!reply.is(Reply::Kind::list) || parts.size() != count + (many != nullptr ? 1 : 2)) return odd();
  for (std::size_t i = 0; i <= count; ++i) {
    if (!parts[i].is(Reply::Kind::number) || parts[i].number < verdict_absent) return odd();
  }
  const auto outcome_of = [](std::int64_t number) {
    return number >= 0                  ? Outcome::done
           : number == verdict_conflict ? Outcome::conflict
           : number == verdict_full     ? Outcome::full
                                        : Outcome::absent;
  };
  const auto version_of = [](std::int64_t number) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  };
  if (many == nullptr) {
    if (!parts[2].is(Reply::Kind::text)) return odd();
    auto old = pair_in(parts[2].text);
    if (!old || old->value.size() > space_->limits().max_kv_value) return {.answer = Answer(), .trouble = not_ours};
    Answer answer = plain(outcome_of(parts[1].number), version_of(parts[1].number));
    answer.each.push_back(std::move(*old));
    return {.answer = std::move(answer)};
  }
  Answer answer = plain(outcome_of(parts[0].number));
  for (std::size_t i = 1; i <= count; ++i) {
    answer.each.push_back(plain(outcome_of(parts[i].number), version_of(parts[i].number)));
  }
  return {.answer = std::move(answer)};
}

Job::Taken Job::take_list(const List& list, Reply& reply) {
  std::vector<Listed>& listed = course().listed;
  std::vector<Reply>& parts = reply.items;
  if (!reply.is(Reply::Kind::list) || parts.empty() || (parts.size() - 1) % parts_of_listed != 0) return odd();
  for (std::size_t i = 1; i < parts.size(); i += parts_of_listed) {
    Listed& one = listed.emplace_back();
    one.key = std::move(parts[i].text);
    one.version = static_cast<std::uint64_t>(number_in(parts[i + 1].text).value_or(0));
    one.value_bytes = static_cast<std::size_t>(std::max<std::int64_t>(parts[i + 2].number, 0));
    if (parts[i + 3].number >= 0) one.ttl = std::chrono::milliseconds(std::min(parts[i + 3].number, most_milliseconds));
  }
  // A server that tells the truth comes further each time.
  const std::string& came_to = parts[0].text;
  std::string& after = course().after;
  if (listed.size() < list.most && !came_to.empty() && came_to > std::max(after, list.after)) {
    after = came_to;
    return {};
  }
  if (listed.size() > list.most) listed.resize(list.most);
  Answer answer = plain(Outcome::done);
  answer.pairs = std::move(listed);
  return {.answer = std::move(answer)};
}

Job::Taken Job::take_value(const Reply& reply) const {
  if (reply.is(Reply::Kind::number)) return {.answer = plain(Outcome::done, static_cast<std::uint64_t>(reply.number))};
  if (reply.is(Reply::Kind::nothing)) return {.answer = plain(Outcome::done)};  // it was never changed
  const auto value = reply.is(Reply::Kind::text) ? number_in(reply.text) : std::nullopt;
  if (!value) return {.answer = Answer(), .trouble = "a counter that is no number"};
  return {.answer = plain(Outcome::done, static_cast<std::uint64_t>(*value))};
}

Job::Taken Job::take_verdict(const Reply& reply) {
  if (!reply.is(Reply::Kind::number)) return odd();
  if (reply.number == verdict_conflict) return {.answer = plain(Outcome::conflict)};
  if (reply.number == verdict_full) return {.answer = plain(Outcome::full)};
  if (reply.number == verdict_absent) return {.answer = plain(Outcome::absent)};
  if (reply.number < 0) return odd();
  if (const auto* const find = std::get_if<FindCounter>(&operation())) {
    return {.answer = plain(Outcome::done, static_cast<std::uint64_t>(space_->number_of(find->name)))};
  }
  const bool sets = std::holds_alternative<Set>(operation());
  if (sets && reply.number == 0) return odd();
  return {.answer = plain(Outcome::done, sets ? static_cast<std::uint64_t>(reply.number) : 0)};
}

}  // namespace wasm_grpc::store::redis
