#include "runtime/outgoing/call_accounts.h"

namespace wasm_grpc::runtime {

void CallAccounts::Account::ended(const abi::client_1::CallOutcome& outcome) noexcept {
  ++meter_.ended[static_cast<std::size_t>(outcome.code)];
  meter_.handling.record(outcome.took);
}

abi::client_1::CallAccount* CallAccounts::begin(GrantedTarget& granted, std::string_view module, std::string_view path,
                                                rpc::MethodKind kind) {
  if (meters_ == nullptr) return &granted;
  if (recent_granted_ == &granted && recent_path_ == path && !recent_paths_->alive.expired()) {
    recent_->begin();
    return recent_;
  }
  recent_granted_ = nullptr;
  Paths& paths = granted_[&granted];
  if (paths.alive.expired()) {  // another has taken the place of one that is no more
    paths.by_path.clear();
    paths.alive = granted.alive();
  }
  Account& account = account_of(paths, granted, module, path, kind);
  recent_path_ = path;
  recent_paths_ = &paths;
  recent_ = &account;
  recent_granted_ = &granted;
  account.begin();
  return &account;
}

CallAccounts::Account& CallAccounts::account_of(Paths& paths, GrantedTarget& granted, std::string_view module,
                                                std::string_view path, rpc::MethodKind kind) {
  const auto found = paths.by_path.find(path);
  if (found != paths.by_path.end()) return *found->second;
  const bool has_room = paths.by_path.size() < observe::ClientMeters::most_paths;
  const std::string_view told = has_room ? path : std::string_view();
  std::unique_ptr<Account>& account = paths.by_path[std::string(told)];
  if (account == nullptr) {
    account = std::make_unique<Account>(granted, meters_->of(worker_, module, granted.name(), told, kind));
  }
  return *account;
}

void CallAccounts::forget_gone() {
  recent_granted_ = nullptr;
  std::erase_if(granted_, [](const auto& entry) { return entry.second.alive.expired(); });
}

}  // namespace wasm_grpc::runtime
