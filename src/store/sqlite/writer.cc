#include "store/sqlite/writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <exception>

namespace wasm_grpc::store::sqlite {

namespace {

// Other processes may write too; how often it is looked whether anybody still wants to wait for them.
constexpr std::chrono::milliseconds patience{100};
// One transaction. More would have the first of it wait for the last.
constexpr std::size_t most_jobs = 1024;
constexpr std::size_t most_bytes = std::size_t{8} << 20;
// From 4 MiB on the log is moved into the file; from 64 MiB on readers must wait for that.
constexpr int pages_to_checkpoint = 1000;
constexpr int pages_to_restart = 16'000;

constexpr std::chrono::milliseconds idle{1'000};
constexpr std::chrono::milliseconds asleep{3'600'000};
constexpr std::size_t purged_beside = 64;
constexpr std::size_t purged_when_idle = 1024;
constexpr std::int64_t free_pages_kept = 256;

WallTime wall_time() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Whether that failure, after so long, means that the file cannot be written; nullptr: it is none of SQLite's.
bool is_of_file(const Failure* failure, std::chrono::nanoseconds time) {
  if (failure == nullptr) return false;
  if (failure->code() == SQLITE_CORRUPT) return false;    // a page, which costs the keys in it and no others
  return failure->code() != SQLITE_BUSY || time >= idle;  // who waited did not wait for long
}

}  // namespace

Writer::Writer(const std::string& path, Health& health, Say say)
    : connection_(path, Access::write, patience),
      transaction_(connection_, "BEGIN IMMEDIATE"),
      writing_(connection_),
      trouble_("the store " + path, std::move(say)),
      health_(health) {
  connection_.run("PRAGMA synchronous = FULL");
  const auto note_pages = [](void* writer, sqlite3*, const char*, int pages) {
    static_cast<Writer*>(writer)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_.get(), note_pages, this);  // instead of SQLite's own, which would delay answers
}

void Writer::run(JobQueue& queue) {
  bool more = true;
  while (true) {
    const bool tries = !health_.works() && health_.watched();
    std::vector<Job> jobs = queue.take(most_jobs, most_bytes, more || tries ? idle : asleep);
    if (jobs.empty()) {
      if (queue.closed()) return;
      if (tries) try_again();
      more = tidy();
      continue;
    }
    more = true;
    drop_unwanted(jobs, writer_thread);
    if (jobs.empty()) continue;
    if (!commit(jobs)) {
      for (Job& job : jobs) static_cast<void>(commit({&job, 1}));
    }
    checkpoint();
  }
}

bool Writer::commit(std::span<Job> jobs) {
  bool committing = false;
  const auto begun = std::chrono::steady_clock::now();
  try {
    set_durability(jobs);
    begin(jobs);
    const WallTime now = wall_time();
    std::vector<Answer> answers;
    answers.reserve(jobs.size());
    for (const Job& job : jobs) {
      if (!job.request->wanted()) {  // others held the file for long
        answers.emplace_back();
        continue;
      }
      const Space& space = job.asker->space;
      if (spaces_.insert_or_assign(space.id, space).second) writing_.purge(space, now, purged_beside);
      answers.push_back(writing_.apply(space, job.request->operation, now));
    }
    writing_.end();
    committing = true;
    commit();
    answer(jobs, answers);
    trouble_.over();
    health_.set(true);
    return true;
  } catch (const std::exception& error) {
    const auto* const failure = dynamic_cast<const Failure*>(&error);
    connection_.roll_back();
    // A commit that fails for another reason than room may be found done after a crash.
    const bool undone = !committing || (failure != nullptr && failure->code() == SQLITE_FULL);
    if (undone && jobs.size() > 1) return false;
    trouble_.at(error.what());
    if (is_of_file(failure, std::chrono::steady_clock::now() - begun)) health_.set(false);
    std::vector<Answer> unavailable(jobs.size());
    answer(jobs, unavailable);
    return true;
  }
}

void Writer::answer(std::span<const Job> jobs, std::span<Answer> answers) {
  const auto now = std::chrono::steady_clock::now();
  Wakes wakes;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& job = jobs[i];
    const auto time = job.finish(writer_thread, std::move(answers[i]), now, wakes);
    trouble_.took(time, job.asker->meter->module(), name_of(job.request->operation));
  }
}

void Writer::commit() {
  transaction_.commit.run();
  writing_.committed();
}

void Writer::set_durability(std::span<const Job> jobs) {
  const bool full = std::any_of(jobs.begin(), jobs.end(),
                                [](const Job& job) { return job.asker->durability == StoreDurability::full; });
  const auto wanted = full ? StoreDurability::full : StoreDurability::relaxed;
  if (wanted == durability_) return;
  connection_.run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  durability_ = wanted;
}

void Writer::begin(std::span<const Job> jobs) {
  while (true) {
    try {
      transaction_.begin.run();
      writing_.begin();
      return;
    } catch (const Failure& failure) {
      const bool wanted = std::any_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.request->wanted(); });
      if (failure.code() != SQLITE_BUSY || !wanted) throw;
    }
  }
}

bool Writer::tidy() {
  try {
    bool more = false;
    begin({});
    for (const auto& [id, space] : spaces_) {
      more = writing_.purge(space, wall_time(), purged_when_idle) == purged_when_idle || more;
    }
    writing_.end();
    commit();
    if (connection_.number("PRAGMA freelist_count") > free_pages_kept) {
      connection_.run("PRAGMA incremental_vacuum(256)");
      more = true;
    }
    checkpoint();
    return more;
  } catch (const std::exception&) {
    connection_.roll_back();  // whoever changes something next is told
    return false;
  }
}

void Writer::try_again() {
  try {
    begin({});
    // A version that nobody gets: something has to be written to see that it can be.
    if (!spaces_.empty()) writing_.skip_version(spaces_.begin()->second);
    writing_.end();
    commit();
    health_.set(true);
  } catch (const std::exception&) {
    connection_.roll_back();
  }
}

void Writer::checkpoint() {
  if (log_pages_ < pages_to_checkpoint) return;
  connection_.checkpoint(log_pages_ >= pages_to_restart);
  log_pages_ = 0;
}

}  // namespace wasm_grpc::store::sqlite
