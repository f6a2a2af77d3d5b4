#include "runtime/outgoing/local_calls.h"

#include <utility>

#include "runtime/outgoing/call_chain.h"

namespace wasm_grpc::runtime {

namespace {
// Modules come and go, and their names with them.
constexpr std::size_t most_clients = 4096;
}  // namespace

LocalCalls::LocalCalls(rpc::TimerQueue& timers, std::size_t max_message_size, std::function<void()> wake)
    : timers_(timers), max_message_size_(max_message_size), wake_(std::move(wake)) {}

LocalCalls::~LocalCalls() = default;

const std::shared_ptr<const rpc::Client>& LocalCalls::client_of(std::string_view chain, std::string_view caller) {
  if (recent_client_ != nullptr && recent_chain_ == chain && recent_caller_ == caller) return *recent_client_;
  recent_client_ = nullptr;
  key_.assign(chain);
  if (!key_.empty()) key_ += '>';
  key_ += caller;
  auto found = clients_.find(key_);
  if (found == clients_.end()) {
    if (clients_.size() >= most_clients) clients_.clear();
    auto client = std::make_shared<const rpc::Client>(rpc::next_connection_number(), address_of_chain(key_));
    found = clients_.emplace(key_, std::move(client)).first;
  }
  recent_chain_ = chain;
  recent_caller_ = caller;
  recent_client_ = &found->second;
  return found->second;
}

rpc::OutgoingCallPtr LocalCalls::begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                                       std::string_view module) {
  const std::string_view chain = chain_of(request.served);
  if (chain_depth(chain) >= max_chain_depth) {
    return rpc::ended_call({rpc::StatusCode::resource_exhausted,
                            std::to_string(max_chain_depth) + " modules call each other, and no more may: " +
                                describe_chain(chain_with(chain, request.caller), module)});
  }
  return begin(request, method, client_of(chain, request.caller), module);
}

rpc::OutgoingCallPtr LocalCalls::begin(const rpc::OutgoingRequest& request, const rpc::Method& method,
                                       std::shared_ptr<const rpc::Client> client, std::string_view authority) {
  if (request.deadline != rpc::Request::no_deadline && request.deadline <= rpc::Clock::now()) {
    return rpc::ended_call({rpc::StatusCode::deadline_exceeded, "the deadline had passed before the call was made"});
  }
  LocalCall* call = nullptr;
  if (free_.empty()) {
    all_.push_back(std::make_unique<LocalCall>(*this));
    call = all_.back().get();
    free_.reserve(all_.capacity());  // so that give_back() cannot fail
    late_.reserve(all_.capacity());
  } else {
    call = free_.back();
    free_.pop_back();
  }
  call->begin(request, method, std::move(client), authority);
  return rpc::OutgoingCallPtr(call);
}

void LocalCalls::add_late(LocalCall& call) {
  late_.push_back(&call);
  if (late_.size() == 1) wake_();
}

void LocalCalls::catch_up() noexcept {
  // One may lead to others, of which there are no more than chains are deep.
  while (!late_.empty()) {
    LocalCall* const call = late_.back();
    late_.pop_back();
    call->catch_up();
  }
}

}  // namespace wasm_grpc::runtime
