#include "wasm/memory_budget.h"

namespace wasm_grpc::wasm {

namespace {

using Clock = std::chrono::steady_clock;

/// True once in each period, for one of those who ask.
bool is_due(std::atomic<Clock::rep>& next, Clock::duration period) noexcept {
  const Clock::rep now = Clock::now().time_since_epoch().count();
  Clock::rep due = next.load(std::memory_order_relaxed);
  return now >= due && next.compare_exchange_strong(due, now + period.count(), std::memory_order_relaxed);
}

}  // namespace

// ---- Reservations ----

MemoryReservation& MemoryReservation::operator=(MemoryReservation&& other) noexcept {
  if (this == &other) return *this;
  clear();
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

bool MemoryReservation::grow(std::size_t bytes) noexcept {
  if (!budget_->add_with_whole(bytes)) {
    // A guest may ask in a loop, and what it makes others lose is to be bounded.
    if (!is_due(budget_->root().collect_after_, std::chrono::milliseconds(1))) return false;
    if (!budget_->take_kept(bytes)) return false;
  }
  bytes_ += bytes;
  return true;
}

void MemoryReservation::shrink_to(std::size_t bytes) noexcept {
  if (bytes >= bytes_) return;
  const std::size_t less = bytes_ - bytes;
  bytes_ = bytes;
  budget_->give_back(less);
}

MemoryReservation MemoryReservation::split(std::size_t bytes) noexcept {
  bytes = std::min(bytes, bytes_);
  bytes_ -= bytes;
  return {budget_, bytes};
}

void MemoryReservation::clear() noexcept {
  MemoryBudget* budget = std::exchange(budget_, nullptr);
  const std::size_t bytes = std::exchange(bytes_, 0);
  if (bytes > 0) budget->give_back(bytes);
}

// ---- The budget ----

bool MemoryBudget::set_reserve(std::uint64_t bytes) noexcept {
  if (whole_ == nullptr) return true;
  std::uint64_t seen = used_;
  while (true) {
    const std::uint64_t used = bytes_of(seen);
    const std::uint64_t before = std::max(used, reserve_at(seen));
    const std::uint64_t after = std::max(used, bytes);
    if (after > before && !whole_->add(after - before)) return false;
    const std::uint64_t next = (seen >> bits_of_bytes) + 1;
    reserves_[next & 1].store(bytes, std::memory_order_relaxed);
    if (used_.compare_exchange_weak(seen, (next << bits_of_bytes) | used)) {
      if (after < before) {
        whole_->used_ -= before - after;
        serve_waiters_if_any();
      }
      return true;
    }
    if (after > before) whole_->used_ -= after - before;
  }
}

bool MemoryBudget::try_reserve(std::size_t bytes, MemoryReservation& reservation) noexcept {
  if (!add_with_whole(bytes) && !take_kept(bytes)) return false;
  reservation = MemoryReservation(this, bytes);
  return true;
}

bool MemoryBudget::add(std::uint64_t bytes) noexcept {
  std::uint64_t used = used_;
  do {
    if (bytes > 0 && (used >= max_ || bytes > max_ - used)) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

// The whole first, so that it never has more room than it says.
bool MemoryBudget::add_with_whole(std::size_t bytes) noexcept {
  if (whole_ == nullptr) return add(bytes);
  std::uint64_t seen = used_;
  while (bytes <= most_of_part - bytes_of(seen)) {
    const std::uint64_t used = bytes_of(seen);
    const std::uint64_t reserve = reserve_at(seen);
    const std::uint64_t more = std::max(used + bytes, reserve) - std::max(used, reserve);
    if (more > 0 && !whole_->add(more)) return false;
    if (used_.compare_exchange_weak(seen, seen + bytes)) return true;
    if (more > 0) whole_->used_ -= more;
  }
  return false;
}

bool MemoryBudget::take_kept(std::size_t bytes) noexcept {
  MemoryBudget& root = this->root();
  const std::lock_guard lock(root.mutex_);
  root.collect_kept_rooms();
  const bool taken = add_with_whole(bytes);
  root.serve_waiters();
  return taken;
}

std::uint64_t MemoryBudget::subtract(std::size_t bytes) noexcept {
  if (whole_ == nullptr) {
    used_ -= bytes;
    return bytes;
  }
  std::uint64_t seen = used_;
  std::uint64_t less = 0;
  do {
    const std::uint64_t used = bytes_of(seen);
    const std::uint64_t reserve = reserve_at(seen);
    less = std::max(used, reserve) - std::max(used - bytes, reserve);
  } while (!used_.compare_exchange_weak(seen, seen - bytes));
  if (less > 0) whole_->used_ -= less;
  return less;
}

// Who waits counts himself first and looks for room then; who gives back does it the other way round.
void MemoryBudget::give_back(std::size_t bytes) noexcept {
  const std::uint64_t of_whole = subtract(bytes);
  if (waiting_ != 0 || of_whole > 0) serve_waiters_if_any();
}

void MemoryBudget::serve_waiters_if_any() noexcept {
  MemoryBudget& root = this->root();
  if (root.waiting_ == 0 && waiting_ == 0) return;
  const std::lock_guard lock(root.mutex_);
  root.serve_waiters();
}

void MemoryBudget::serve_waiters() noexcept {
  for (MemoryWaiter* waiter = first_; waiter != nullptr;) {
    MemoryWaiter* next = waiter->next_;
    if (waiter->budget_.add_with_whole(waiter->bytes_)) {
      waiter->unlink();
      waiter->given_ = true;
      waiter->tell();
    }
    waiter = next;
  }
}

void MemoryBudget::collect_kept_rooms() noexcept {
  for (KeptRoom* room : kept_rooms_) {
    if (room->full_.exchange(false)) room->budget_.subtract(room->bytes_);
  }
}

void MemoryBudget::ask_all() noexcept {
  for (MemoryWaiter* waiter : all_waiters_) waiter->tell();
}

void MemoryBudget::count_refused_growth() noexcept {
  refused_.fetch_add(1, std::memory_order_relaxed);
  tell();
}

void MemoryBudget::count_delayed_instance() noexcept {
  delayed_.fetch_add(1, std::memory_order_relaxed);
  tell();
}

void MemoryBudget::tell() noexcept {
  if (tell_ && is_due(tell_after_, between_tellings)) tell_();
}

// ---- Waiters ----

MemoryWaiter::MemoryWaiter(MemoryBudget& budget, std::function<void()> told) : budget_(budget), told_(std::move(told)) {
  MemoryBudget& root = budget_.root();
  const std::lock_guard lock(root.mutex_);
  root.all_waiters_.push_back(this);
}

MemoryWaiter::~MemoryWaiter() {
  cancel();
  MemoryBudget& root = budget_.root();
  const std::lock_guard lock(root.mutex_);
  std::erase(root.all_waiters_, this);
}

void MemoryWaiter::wait(std::size_t bytes) noexcept {
  if (std::exchange(waits_, true)) return;
  MemoryBudget& root = budget_.root();
  const std::lock_guard lock(root.mutex_);
  bytes_ = bytes;
  queued_ = true;
  previous_ = root.last_;
  next_ = nullptr;
  (root.last_ == nullptr ? root.first_ : root.last_->next_) = this;
  root.last_ = this;
  ++budget_.waiting_;
  if (&root != &budget_) ++root.waiting_;
  root.serve_waiters();
  if (!queued_) return;
  root.collect_kept_rooms();
  root.serve_waiters();
  if (queued_) root.ask_all();
}

void MemoryWaiter::unlink() noexcept {
  MemoryBudget& root = budget_.root();
  (previous_ == nullptr ? root.first_ : previous_->next_) = next_;
  (next_ == nullptr ? root.last_ : next_->previous_) = previous_;
  queued_ = false;
  --budget_.waiting_;
  if (&root != &budget_) --root.waiting_;
}

bool MemoryWaiter::take(MemoryReservation& reservation) noexcept {
  if (!waits_) return false;
  {
    const std::lock_guard lock(budget_.root().mutex_);
    if (!std::exchange(given_, false)) return false;
  }
  waits_ = false;
  reservation = MemoryReservation(&budget_, bytes_);
  return true;
}

void MemoryWaiter::cancel() noexcept {
  if (!waits_) return;
  {
    const std::lock_guard lock(budget_.root().mutex_);
    if (queued_) unlink();
  }
  MemoryReservation given;
  static_cast<void>(take(given));
  waits_ = false;
}

// ---- Kept rooms ----

KeptRoom::KeptRoom(MemoryBudget& budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {
  MemoryBudget& root = budget_.root();
  const std::lock_guard lock(root.mutex_);
  root.kept_rooms_.push_back(this);
}

KeptRoom::~KeptRoom() {
  MemoryBudget& root = budget_.root();
  {
    const std::lock_guard lock(root.mutex_);
    std::erase(root.kept_rooms_, this);
  }
  if (full_) budget_.give_back(bytes_);
}

bool KeptRoom::take(MemoryReservation& reservation) noexcept {
  if (!full_.load(std::memory_order_relaxed) || !full_.exchange(false)) {
    return budget_.try_reserve(bytes_, reservation);
  }
  reservation = MemoryReservation(&budget_, bytes_);
  return true;
}

void KeptRoom::keep(MemoryReservation reservation) noexcept {
  if (reservation.budget_ != &budget_ || reservation.bytes_ != bytes_ || full_) return;
  reservation.budget_ = nullptr;
  reservation.bytes_ = 0;
  full_ = true;
  // As in wake_waiters(): who begins to wait now has not seen it.
  if (budget_.wanted() && full_.exchange(false)) budget_.give_back(bytes_);
}

}  // namespace wasm_grpc::wasm
