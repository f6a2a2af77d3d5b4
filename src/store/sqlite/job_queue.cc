#include "store/sqlite/job_queue.h"

#include <utility>

namespace wasm_grpc::store::sqlite {

std::chrono::nanoseconds Job::finish(std::size_t thread, Answer answer) const {
  const auto time = std::chrono::steady_clock::now() - since;
  meter->count(thread, request->operation, answer, time);
  if (watches != nullptr) watches->tell(request->operation, answer);
  request->answer(std::move(answer));
  return time;
}

void drop_unwanted(std::vector<Job>& jobs, std::size_t thread) {
  std::erase_if(jobs, [thread](const Job& job) {
    const bool unwanted = !job.request->wanted();
    if (unwanted) job.meter->give_up(thread);
    return unwanted;
  });
}

bool JobQueue::push(Job& job) {
  const std::size_t bytes = size_of(job.request->operation);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    Load& load = loads_[job.space.id];
    if (closed_ || load.jobs >= job.space.max_waiting || load.bytes + bytes > max_bytes) return false;
    ++load.jobs;
    load.bytes += bytes;
    jobs_.push_back(std::move(job));
    wake = waiting_ > 0;
  }
  if (wake) not_empty_.notify_one();
  return true;
}

std::vector<Job> JobQueue::take(std::size_t most, std::size_t most_bytes, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  not_empty_.wait_for(lock, patience, [&] { return closed_ || !jobs_.empty(); });
  --waiting_;
  std::vector<Job> taken;
  std::size_t bytes = 0;
  while (!jobs_.empty() && taken.size() < most && bytes < most_bytes) {
    const std::size_t size = size_of(jobs_.front().request->operation);
    bytes += size;
    Load& load = loads_[jobs_.front().space.id];
    --load.jobs;
    load.bytes -= size;
    taken.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
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
