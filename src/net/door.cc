#include "net/door.h"

#include <algorithm>
#include <utility>

namespace wasm_grpc::net {

Admission::Admission(Admission&& other) noexcept
    : door_(std::exchange(other.door_, nullptr)), receiver_(other.receiver_), allowance_(other.allowance_) {}

Admission& Admission::operator=(Admission&& other) noexcept {
  if (this == &other) return *this;
  end();
  door_ = std::exchange(other.door_, nullptr);
  receiver_ = other.receiver_;
  allowance_ = other.allowance_;
  return *this;
}

void Admission::end() noexcept {
  if (Door* door = std::exchange(door_, nullptr); door != nullptr) door->leave(receiver_, allowance_);
}

std::optional<Door::Place> Door::admit(Allowance* allowance) noexcept {
  const std::lock_guard lock(mutex_);
  if (receivers_.empty() || (most_ != 0 && connections_ >= most_)) return std::nullopt;
  if (allowance != nullptr && allowance->most_ != 0 && allowance->connections_ >= allowance->most_) return std::nullopt;
  const auto fewest = std::min_element(receivers_.begin(), receivers_.end(),
                                       [](const Entry& a, const Entry& b) { return a.connections < b.connections; });
  ++fewest->connections;
  ++connections_;
  if (allowance != nullptr) ++allowance->connections_;
  return Place{fewest->receiver, Admission(*this, static_cast<std::size_t>(fewest - receivers_.begin()), allowance)};
}

void Door::leave(std::size_t receiver, Allowance* allowance) noexcept {
  const std::lock_guard lock(mutex_);
  --receivers_[receiver].connections;
  --connections_;
  if (allowance != nullptr) --allowance->connections_;
}

void Door::set_most(std::size_t most) noexcept {
  const std::lock_guard lock(mutex_);
  most_ = most;
}

void Door::set_most(Allowance& allowance, std::size_t most) noexcept {
  const std::lock_guard lock(mutex_);
  allowance.most_ = most;
}

std::size_t Door::most() const noexcept {
  const std::lock_guard lock(mutex_);
  return most_;
}

std::vector<std::size_t> Door::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> counts;
  for (const Entry& entry : receivers_) counts.push_back(entry.connections);
  return counts;
}

}  // namespace wasm_grpc::net
