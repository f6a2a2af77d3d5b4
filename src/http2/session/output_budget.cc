#include "http2/session/output_budget.h"

#include <algorithm>

namespace wasm_grpc::http2 {

void OutputBudget::make_room() noexcept {
  if (members_.empty() || making_room_.exchange(true)) return;
  try {
    ask();
  } catch (...) {  // no memory to ask with: the next one who holds too much tries again
    making_room_ = false;
  }
}

void OutputBudget::ask() {
  largest_.assign(members_.size(), 0);
  asked_ = members_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].post([this, i] {
      largest_[i] = members_[i].largest();
      if (asked_.fetch_sub(1) == 1) choose();
    });
  }
}

// On the thread of the member that answered last.
void OutputBudget::choose() {
  const auto most = std::ranges::max_element(largest_);
  if (!is_too_much(*most)) {
    making_room_ = false;
    return;
  }
  const Member& member = members_[static_cast<std::size_t>(most - largest_.begin())];
  member.post([this, &member] {
    if (is_too_much(member.largest())) member.end_largest();
    making_room_ = false;
    if (is_short()) make_room();
  });
}

}  // namespace wasm_grpc::http2
