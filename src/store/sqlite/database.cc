#include "store/sqlite/database.h"

#include <exception>
#include <utility>

#include "store/sqlite/file.h"
#include "store/thread.h"

namespace wasm_grpc::store::sqlite {

namespace {

constexpr std::size_t reader_count = 2;
static_assert(reader_count + 1 == Meter::threads);
// In one look at the file: what is read is of one moment, and the log cannot begin anew meanwhile.
constexpr std::size_t most_reads = 128;
constexpr std::size_t most_read_bytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds reader_patience{1'000};
constexpr std::chrono::milliseconds asleep{3'600'000};

}  // namespace

/// Answers what only looks.
class Database::Reader {
 public:
  Reader(const std::string& path, std::size_t thread, Say say)
      : thread_(thread),
        connection_(path, Access::read, reader_patience),
        transaction_(connection_, "BEGIN"),
        reading_(connection_),
        trouble_("the store " + path, std::move(say)) {}

  void run(JobQueue& queue) {
    while (true) {
      std::vector<Job> jobs = queue.take(most_reads, most_read_bytes, asleep);
      if (jobs.empty() && queue.closed()) return;
      drop_unwanted(jobs, thread_);
      if (jobs.empty()) continue;
      read(jobs);
    }
  }

 private:
  void read(const std::vector<Job>& jobs) {
    // As it is when the first of them is looked at; they are few enough to be read within a moment.
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const WallTime now = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
    Wakes wakes;
    const bool together = jobs.size() > 1 && begin();
    for (const Job& job : jobs) answer(job, now, wakes);
    if (together) end();
  }
  [[nodiscard]] bool begin() {
    try {
      transaction_.begin.run();
      return true;
    } catch (const Failure&) {
      return false;
    }
  }
  void end() {
    try {
      transaction_.commit.run();
    } catch (const Failure&) {
      connection_.roll_back();  // nothing was changed
    }
  }
  void answer(const Job& job, WallTime now, Wakes& wakes) {
    Answer answer;
    try {
      answer = reading_.apply(job.asker->space, job.request->operation, now);
      trouble_.over();
    } catch (const std::exception& error) {
      trouble_.at(error.what());
    }
    const auto time = job.finish(thread_, std::move(answer), std::chrono::steady_clock::now(), wakes);
    trouble_.took(time, job.asker->meter->module(), name_of(job.request->operation));
  }

  const std::size_t thread_;
  const Connection connection_;
  Transaction transaction_;
  Reading reading_;
  Trouble trouble_;
};

Database::Database(std::string path) : path_(std::move(path)) {}

Result<std::shared_ptr<Database>> Database::open(const std::string& path, std::chrono::milliseconds patience, Say say) {
  if (auto opened = open_file(path, patience); !opened.ok()) return std::move(opened).error();
  std::shared_ptr<Database> database(new Database(path));
  try {
    database->writer_ = std::make_unique<Writer>(path, database->health_, say);
    for (std::size_t i = 0; i < reader_count; ++i) {
      database->readers_.push_back(std::make_unique<Reader>(path, writer_thread + 1 + i, say));
    }
  } catch (const Failure& failure) {
    return Error{"the store " + path + ": " + failure.what()};
  }
  database->threads_.emplace_back([writer = database->writer_.get(), &jobs = database->writes_] {
    begin_thread("store-write");
    writer->run(jobs);
  });
  for (const auto& one : database->readers_) {
    database->threads_.emplace_back([reader = one.get(), &jobs = database->reads_] {
      begin_thread("store-read");
      reader->run(jobs);
    });
  }
  return database;
}

Database::~Database() {
  writes_.close();
  reads_.close();
  for (std::thread& thread : threads_) thread.join();
}

void Database::submit(Job job) noexcept {
  JobQueue& queue = changes(job.request->operation) ? writes_ : reads_;
  if (queue.push(job)) return;
  job.asker->meter->refuse();
  job.request->answer({});
}

// ---- The store of a module ----

Result<std::shared_ptr<SpaceStore>> SpaceStore::open(std::shared_ptr<Database> database, std::shared_ptr<Meter> meter,
                                                     const StoreOptions& options, const SharedStateLimits& limits) {
  auto space = open_space(database->path(), meter->module(), options.timeout);
  if (!space.ok()) return std::move(space).error();
  return std::make_shared<SpaceStore>(
      std::move(database), std::move(meter),
      Space{space.value(), limits.max_kv_bytes, limits.max_counters, options.max_waiting}, options.durability);
}

void SpaceStore::submit(std::unique_ptr<Request> request) noexcept {
  if (!asker_->meter->admit(request->operation)) return request->answer({});
  database_->submit({asker_, std::move(request), std::chrono::steady_clock::now()});
}

}  // namespace wasm_grpc::store::sqlite
