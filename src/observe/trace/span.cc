#include "observe/trace/span.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

namespace wasm_grpc::observe {

SpanIds::SpanIds() : state_{} {
  while (getrandom(state_.data(), sizeof(state_), 0) != sizeof(state_)) {
  }
}

std::array<std::uint8_t, 8> SpanIds::next_span_id() noexcept {
  std::array<std::uint8_t, 8> id;
  std::uint64_t number = next();
  while (number == 0) number = next();
  std::memcpy(id.data(), &number, sizeof(number));
  return id;
}

// ---- The queue ----

template <typename Add>
bool SpanQueue::add_if_room(Add add) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (spans_.size() < most) {
      try {
        add();
        return spans_.size() == most / 2;
      } catch (...) {  // no memory: it is dropped
      }
    }
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

bool SpanQueue::add(std::shared_ptr<const CallSpan> span) noexcept {
  return add_if_room([&] { spans_.calls.push_back(std::move(span)); });
}

bool SpanQueue::add(InnerSpan&& span) noexcept {
  return add_if_room([&] { spans_.inner.push_back(std::move(span)); });
}

SpanQueue::Spans SpanQueue::take() noexcept {
  const std::lock_guard lock(mutex_);
  return std::exchange(spans_, {});
}

// ---- The span of a call ----

void CallSpan::happened(rpc::SpanEvent event, std::string_view detail) noexcept {
  const std::size_t told = events_told_.load(std::memory_order_relaxed);
  if (told == events_.size()) return;
  Event& next = events_[told];
  next.what = event;
  next.time = WallClock::now();
  try {
    next.detail.assign(detail.substr(0, most_detail_bytes));
  } catch (...) {  // no memory: it is told without
  }
  events_told_.store(told + 1, std::memory_order_release);
}

InnerSpan* CallSpan::find_inner(std::int32_t span) const noexcept {
  if (span < 1 || static_cast<std::size_t>(span) > inner_.size()) return nullptr;
  return inner_[static_cast<std::size_t>(span) - 1].get();
}

std::int32_t CallSpan::begin_inner(std::int32_t parent, std::string_view name) noexcept {
  const InnerSpan* const outer = find_inner(parent);
  if (inner_.size() == most_inner || (parent != 0 && outer == nullptr)) return 0;
  try {
    auto span = std::make_unique<InnerSpan>();
    span->trace_id = context_.trace_id;
    span->span_id = ids_.next_span_id();
    span->parent_id = outer == nullptr ? context_.span_id : outer->span_id;
    span->name = name.substr(0, most_name_bytes);
    span->began = WallClock::now();
    inner_.push_back(std::move(span));
  } catch (...) {  // no memory
    return 0;
  }
  return static_cast<std::int32_t>(inner_.size());
}

bool CallSpan::note_inner(std::int32_t which, std::string_view key, std::string_view value) noexcept {
  InnerSpan* const span = find_inner(which);
  if (span == nullptr || span->attributes.size() == most_attributes) return false;
  try {
    span->attributes.emplace_back(key.substr(0, most_name_bytes), value.substr(0, most_value_bytes));
  } catch (...) {
    return false;
  }
  return true;
}

bool CallSpan::end_inner(std::int32_t which, bool failed) noexcept {
  InnerSpan* const span = find_inner(which);
  if (span == nullptr) return false;
  end(*span, failed);
  inner_[static_cast<std::size_t>(which) - 1].reset();
  return true;
}

void CallSpan::end_all_inner() noexcept {
  for (auto& span : inner_) {
    if (span != nullptr) end(*span, false);
    span.reset();
  }
}

void CallSpan::end(InnerSpan& span, bool failed) noexcept {
  span.ended = std::max(WallClock::now(), span.began);
  span.failed = failed;
  queue_->add(std::move(span));
}

}  // namespace wasm_grpc::observe
