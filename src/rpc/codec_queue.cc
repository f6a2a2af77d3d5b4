#include "rpc/codec_queue.h"

#include <algorithm>

namespace wasm_grpc::rpc {

CodecJob::~CodecJob() { leave(); }

HeldMessage::~HeldMessage() {
  if (queue_ != nullptr) queue_->remove(*this);
}

void CodecJob::leave() noexcept {
  if (queue_ != nullptr) queue_->remove(*this);
}

void CodecQueue::run(Clock::duration budget) noexcept {
  at_once_ = 0;
  const auto until = Clock::now() + budget;
  while (!lanes_.empty()) {
    if (next_lane_ >= lanes_.size()) next_lane_ = 0;
    lanes_[next_lane_++].first->step();
    if (Clock::now() >= until) return;
  }
}

void CodecQueue::add(CodecJob& job, const void* lane) {
  const bool was_empty = lanes_.empty();
  auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& known) { return known.key == lane; });
  if (found == lanes_.end()) {
    lanes_.push_back({lane, &job, &job});
    job.previous_ = nullptr;
  } else {
    job.previous_ = found->last;
    found->last->next_ = &job;
    found->last = &job;
  }
  job.next_ = nullptr;
  job.lane_ = lane;
  job.queue_ = this;
  if (was_empty && woken_) woken_();
}

void CodecQueue::remove(CodecJob& job) noexcept {
  const auto lane =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& known) { return known.key == job.lane_; });
  (job.previous_ == nullptr ? lane->first : job.previous_->next_) = job.next_;
  (job.next_ == nullptr ? lane->last : job.next_->previous_) = job.previous_;
  job.queue_ = nullptr;
  if (lane->first != nullptr) return;
  const auto place = static_cast<std::size_t>(lane - lanes_.begin());
  lanes_.erase(lane);
  if (place < next_lane_) --next_lane_;
}

void CodecQueue::hold(HeldMessage& message, std::size_t bytes) {
  held_.push_back({&message, bytes});
  message.queue_ = this;
  held_bytes_ += bytes;
  while (held_bytes_ > max_held_bytes && held_.size() > 1) {
    HeldMessage& oldest = *held_.front().message;
    remove(oldest);
    oldest.drop();
  }
}

void CodecQueue::remove(HeldMessage& message) noexcept {
  const auto found =
      std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.message == &message; });
  message.queue_ = nullptr;
  held_bytes_ -= found->bytes;
  held_.erase(found);
}

}  // namespace wasm_grpc::rpc
