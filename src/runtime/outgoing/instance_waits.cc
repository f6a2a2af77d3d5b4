#include "runtime/outgoing/instance_waits.h"

#include <utility>

#include "runtime/outgoing/call_chain.h"

namespace wasm_grpc::runtime {

namespace {

constexpr std::chrono::milliseconds most_wait{1000};

/// The calls that have instances of their own and wait for this one.
std::vector<const rpc::Call*> holders_of(const ServedLocally& call) {
  std::vector<const rpc::Call*> holders;
  for (const rpc::Call* holder = call.caller().holder(); holder != nullptr;) {
    holders.push_back(holder);
    const auto* const served = dynamic_cast<const ServedLocally*>(holder);
    holder = served == nullptr ? nullptr : served->caller().holder();
  }
  return holders;
}

rpc::Status refusal(const std::string& why, std::string_view chain, std::string_view module) {
  return {rpc::StatusCode::resource_exhausted, why + ": " + describe_chain(chain, module)};
}

}  // namespace

class InstanceWaits::Wait final : public rpc::Timer {
 public:
  Wait(InstanceWaits& owner, ServedLocally& call, std::string module)
      : owner_(owner), call_(call), module_(std::move(module)), holders(holders_of(call)) {}

 private:
  void on_timer() noexcept override {
    ServedLocally& call = call_;
    rpc::Status status = refusal("no instance of the module has become free within " +
                                     std::to_string(most_wait.count()) + " ms, in a chain of modules",
                                 chain_of(&call), module_);
    owner_.end(call);  // which destroys this
    call.refuse(std::move(status));
  }

  InstanceWaits& owner_;
  ServedLocally& call_;
  const std::string module_;

 public:
  const std::vector<const rpc::Call*> holders;
};

InstanceWaits::InstanceWaits(InstanceBudget& budget, rpc::TimerQueue& timers) : budget_(budget), timers_(timers) {}

InstanceWaits::~InstanceWaits() {
  for (const auto& [call, wait] : waits_) let_go(wait->holders);
}

std::optional<rpc::Status> InstanceWaits::begin(rpc::Call& call, std::string_view module, std::uint32_t module_max) {
  auto* const served = dynamic_cast<ServedLocally*>(&call);
  if (served == nullptr) return std::nullopt;
  const std::string_view chain = chain_of(&call);
  if (module_max > 0 && count_in_chain(chain, module) >= module_max) {
    return refusal("the chain of modules has all instances of the last one", chain, module);
  }
  auto wait = std::make_unique<Wait>(*this, *served, std::string(module));
  if (!hold_up(wait->holders)) {
    let_go(wait->holders);
    return refusal("all instances are held by calls that wait for others, of this chain among them", chain, module);
  }
  timers_.schedule(*wait, rpc::later(rpc::Clock::now(), most_wait));
  waits_.insert_or_assign(&call, std::move(wait));
  return std::nullopt;
}

void InstanceWaits::end(rpc::Call& call) noexcept {
  const auto found = waits_.find(&call);
  if (found == waits_.end()) return;
  const std::unique_ptr<Wait> wait = std::move(found->second);
  waits_.erase(found);
  let_go(wait->holders);
}

bool InstanceWaits::hold_up(const std::vector<const rpc::Call*>& holders) {
  std::uint32_t more = 0;
  for (const rpc::Call* holder : holders) {
    if (++held_up_[holder] == 1) ++more;
  }
  return budget_.hold_up(more) < budget_.max();
}

void InstanceWaits::let_go(const std::vector<const rpc::Call*>& holders) noexcept {
  std::uint32_t fewer = 0;
  for (const rpc::Call* holder : holders) {
    const auto found = held_up_.find(holder);
    if (--found->second > 0) continue;
    held_up_.erase(found);
    ++fewer;
  }
  budget_.let_go(fewer);
}

}  // namespace wasm_grpc::runtime
