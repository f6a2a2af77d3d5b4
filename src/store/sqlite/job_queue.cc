#include "store/sqlite/job_queue.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::store::sqlite {

std::chrono::nanoseconds Job::finish(std::size_t thread, Answer answer, std::chrono::steady_clock::time_point now,
                                     Wakes& wakes) const {
  const auto time = now - since;
  asker->meter->count(thread, request->operation, answer, time);
  if (asker->watches != nullptr) asker->watches->tell(request->operation, answer);
  request->answer(std::move(answer), wakes);
  return time;
}

void drop_unwanted(std::vector<Job>& jobs, std::size_t thread) {
  std::erase_if(jobs, [thread](const Job& job) {
    const bool unwanted = !job.request->wanted();
    if (unwanted) job.asker->meter->give_up(thread);
    return unwanted;
  });
}

bool JobQueue::push(Job& job) {
  job.bytes = size_of(job.request->operation);
  const Space& space = job.asker->space;
  const std::lock_guard lock(mutex_);
  Load& load = loads_[space.id];
  if (closed_ || load.jobs >= space.max_waiting || load.bytes + job.bytes > max_bytes) return false;
  ++load.jobs;
  load.bytes += job.bytes;
  jobs_.push_back(std::move(job));
  call_one();
  return true;
}

void JobQueue::call_one() noexcept {
  if (waiting_ == 0 || std::exchange(called_, true)) return;
  not_empty_.notify_one();
}

std::vector<Job> JobQueue::take(std::size_t most, std::size_t most_bytes, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  not_empty_.wait_for(lock, patience, [&] { return closed_ || !jobs_.empty(); });
  --waiting_;
  called_ = false;
  std::vector<Job> taken;
  taken.reserve(std::min(most, jobs_.size()));
  std::size_t bytes = 0;
  while (!jobs_.empty() && taken.size() < most && bytes < most_bytes) {
    Job& job = taken.emplace_back(std::move(jobs_.front()));
    jobs_.pop_front();
    bytes += job.bytes;
    Load& load = loads_[job.asker->space.id];
    --load.jobs;
    load.bytes -= job.bytes;
  }
  if (!jobs_.empty()) call_one();
  return taken;
}

void JobQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  not_empty_.notify_all();
}

bool JobQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_ && jobs_.empty();
}

}  // namespace wasm_grpc::store::sqlite
