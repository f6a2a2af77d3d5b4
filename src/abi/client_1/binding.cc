#include "abi/client_1/binding.h"

#include <algorithm>
#include <utility>

#include "abi/v1/answers.h"
#include "rpc/timer_queue.h"
#include "rpc/user_metadata.h"
#include "wasm/guest_text.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::abi::client_1 {

InstanceBinding::InstanceBinding(wasm::Instance& instance, Binding& server, const Grants& grants)
    : instance_(instance), server_(server), grants_(grants) {
  instance_.set_host_data(wasm::HostSlot::client, this);
  server_.share_numbers(*this);
}

InstanceBinding::~InstanceBinding() { detach(); }

void InstanceBinding::attach(CallMaker& maker, CallWatcher& watcher, Style style) noexcept {
  maker_ = &maker;
  watcher_ = &watcher;
  style_ = style;
}

void InstanceBinding::detach() noexcept {
  watcher_ = nullptr;
  if (calls_.size() > 0) {
    for (const auto& call : all_) {
      if (call->id != 0) forget(*call);
    }
  }
  maker_ = nullptr;
}

// ---- Calls come and go ----

std::int32_t InstanceBinding::require(std::string_view target) {
  if (maker_ != nullptr || target.empty() || target.size() > max_target_name_bytes) return INVALID;
  if (needed_ && needed_->size() < max_noted_targets && std::ranges::find(*needed_, target) == needed_->end()) {
    needed_->emplace_back(target);
  }
  if (grants_.has(target)) return OK;
  if (refusal_.empty()) {
    const std::string name = wasm::printable(target, wasm::most_of_name);
    refusal_ = "it needs the target \"" + name + "\", which it is not granted; grant it in the module's `targets`";
  }
  return ABSENT;
}

bool InstanceBinding::read_metadata(std::span<const std::byte> pairs, bool of_http) {
  metadata_.clear();
  std::string_view text(reinterpret_cast<const char*>(pairs.data()), pairs.size());
  while (!text.empty()) {
    const auto pair = v1::take_pair(text);
    if (!pair) return false;
    const bool is_of_http =
        of_http && (pair->key == ":method" || pair->key == ":authority" || pair->key == "content-type");
    if (!rpc::add_user_metadata(metadata_, metadata_.byte_size(), max_request_metadata, pair->key, pair->value,
                                is_of_http ? rpc::KeyRule::known : rpc::KeyRule::users)) {
      return false;
    }
  }
  return true;
}

std::int32_t InstanceBinding::open(std::string_view target, std::string_view path, std::int32_t kind,
                                   std::int64_t timeout_ns, std::int32_t parent, std::span<const std::byte> metadata) {
  if (maker_ == nullptr) return INVALID;
  const rpc::Call* const made_for = parent == no_parent ? nullptr : server_.find_call(parent);
  if (parent != no_parent && made_for == nullptr) return CLOSED;
  if (kind < 0 || kind > static_cast<std::int32_t>(rpc::MethodKind::http)) return INVALID;
  const bool is_http = kind == static_cast<std::int32_t>(rpc::MethodKind::http);
  if (path.size() > max_path_bytes || !(is_http ? path.starts_with('/') : rpc::parse_method_path(path).has_value())) {
    return INVALID;
  }
  if (!read_metadata(metadata, is_http)) return INVALID;
  const std::size_t most = style_ == Style::events ? max_calls_of_events : max_calls_of_handler;
  if (calls_.size() >= most) return FULL;

  rpc::OutgoingRequest request{.path = path, .kind = static_cast<rpc::MethodKind>(kind), .metadata = metadata_};
  if (timeout_ns >= 0) request.deadline = rpc::later(rpc::Clock::now(), std::chrono::nanoseconds(timeout_ns));
  if (made_for != nullptr && made_for->deadline()) request.deadline = std::min(request.deadline, *made_for->deadline());
  request.parent = made_for;
  request.served = made_for != nullptr ? made_for : server_.current_call();
  request.holds_instance = style_ == Style::handler;
  if (made_for != nullptr && made_for->cancelled()) {
    return add({rpc::ended_call({rpc::StatusCode::cancelled, "the call it was to be made for has ended"}), nullptr},
               parent);
  }
  return add(maker_->begin(grants_, target, request), parent);
}

std::int32_t InstanceBinding::add(MadeCall made, std::int32_t parent) {
  std::int32_t id = 0;
  do {
    id = server_.next_number();
    if (id == 0) return UNSUPPORTED;
  } while (calls_.find(id) != nullptr);
  OpenCall* call = nullptr;
  if (free_.empty()) {
    all_.push_back(std::make_unique<OpenCall>(*this));
    call = all_.back().get();
    free_.reserve(all_.capacity());  // so that forget() cannot fail
  } else {
    call = free_.back();
    free_.pop_back();
  }
  call->made = std::move(made);
  call->id = id;
  call->parent = parent;
  if (!call->made.call->is_timed()) call->began = rpc::Clock::now();
  calls_.insert({id, call});
  if (parent != no_parent) add_child(*call);
  call->told = writable;
  call->made.call->set_listener(call);
  if (call->made.call->ended()) progressed(*call);
  return id;
}

void InstanceBinding::forget(OpenCall& call) noexcept {
  account(call);
  if (call.made.account != nullptr) call.made.account->let_go();
  call.made = {};
  calls_.erase(call.id);
  if (call.parent != no_parent) remove_child(call);
  remove_event(call);
  call.id = 0;
  call.parent = no_parent;
  call.accounted = false;
  free_.push_back(&call);
}

void InstanceBinding::account(OpenCall& call) noexcept {
  if (std::exchange(call.accounted, true) || call.made.account == nullptr) return;
  const rpc::OutgoingCall& made = *call.made.call;
  const auto took = made.is_timed() ? made.took() : rpc::Clock::now() - call.began;
  call.made.account->ended({made.ended() ? made.status().code : rpc::StatusCode::cancelled, took});
}

void InstanceBinding::add_child(OpenCall& call) {
  call.previous_child = nullptr;
  call.next_child = nullptr;
  if (Entry* const parent = children_.find(call.parent)) {
    call.next_child = std::exchange(parent->call, &call);
    call.next_child->previous_child = &call;
  } else {
    children_.insert({call.parent, &call});
  }
}

void InstanceBinding::remove_child(OpenCall& call) noexcept {
  if (call.next_child != nullptr) call.next_child->previous_child = call.previous_child;
  if (call.previous_child != nullptr) {
    call.previous_child->next_child = call.next_child;
  } else if (call.next_child != nullptr) {
    children_.find(call.parent)->call = call.next_child;
  } else {
    children_.erase(call.parent);
  }
}

void InstanceBinding::end_calls_for(std::int32_t parent) noexcept {
  if (const Entry* const found = children_.find(parent)) end_children(found->call);
}

void InstanceBinding::end_all_calls_for_others() noexcept {
  if (children_.size() == 0) return;
  for (const auto& call : all_) {
    if (call->id != 0 && call->parent != no_parent && call->previous_child == nullptr) end_children(call.get());
  }
}

void InstanceBinding::end_children(OpenCall* first) noexcept {
  for (OpenCall* call = first; call != nullptr; call = call->next_child) {
    call->made.call->cancel({rpc::StatusCode::cancelled, "the call it was made for has ended"});
  }
}

// ---- What comes of them ----

void InstanceBinding::OpenCall::on_progress(rpc::OutgoingCall&) noexcept { owner_.progressed(*this); }

void InstanceBinding::progressed(OpenCall& call) noexcept {
  if (call.made.call->ended()) account(call);
  if (style_ == Style::events) queue_event(call);
  if (watcher_ != nullptr) watcher_->on_outgoing_progress();
}

void InstanceBinding::queue_event(OpenCall& call) noexcept {
  if (std::exchange(call.queued, true)) return;
  call.previous_event = last_event_;
  call.next_event = nullptr;
  (last_event_ == nullptr ? first_event_ : last_event_->next_event) = &call;
  last_event_ = &call;
}

void InstanceBinding::remove_event(OpenCall& call) noexcept {
  if (!std::exchange(call.queued, false)) return;
  (call.previous_event == nullptr ? first_event_ : call.previous_event->next_event) = call.next_event;
  (call.next_event == nullptr ? last_event_ : call.next_event->previous_event) = call.previous_event;
}

std::optional<CallEvent> InstanceBinding::take_event() noexcept {
  while (first_event_ != nullptr) {
    OpenCall& call = *first_event_;
    remove_event(call);
    const auto holds = static_cast<std::uint32_t>(look(call.id, all_interests));
    const bool is_news = (holds & ~call.told) != 0;
    call.told = holds;
    if (is_news) return CallEvent{call.id, holds};
  }
  return std::nullopt;
}

std::int32_t InstanceBinding::again(OpenCall& call, std::uint32_t interest) noexcept {
  call.told &= ~interest;
  return AGAIN;
}

// ---- Messages ----

std::int32_t InstanceBinding::send(std::int32_t id, std::span<const std::byte> message, std::int32_t last) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (last != 0 && last != 1) return INVALID;
  const std::int32_t done = v1::answer(call->made.call->send(message, last == 1));
  if (done == OK && call->made.account != nullptr) call->made.account->sent();
  return done == AGAIN ? again(*call, writable) : done;
}

std::int32_t InstanceBinding::half_close(std::int32_t id) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  const rpc::SendResult done = call->made.call->half_close();
  return done == rpc::SendResult::closed ? OK : v1::answer(done);
}

std::int32_t InstanceBinding::recv(std::int32_t id, std::span<std::byte> buffer) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  rpc::OutgoingCall& made = *call->made.call;
  if (const auto message = made.message()) {
    const std::int32_t size = v1::give({reinterpret_cast<const char*>(message->data()), message->size()}, buffer);
    if (message->size() <= buffer.size()) {
      if (call->made.account != nullptr) call->made.account->received();
      made.pop_message();
    }
    return size;
  }
  return made.ended() ? END : again(*call, readable);
}

// ---- The answer beside them ----

const rpc::Metadata* InstanceBinding::metadata_of(OpenCall& call, std::int32_t where, std::int32_t& refusal) noexcept {
  const rpc::OutgoingCall& made = *call.made.call;
  if (where == v1::metadata_headers) {
    if (made.has_headers() || made.ended()) return &made.headers();
    refusal = again(call, headers);
  } else if (where == v1::metadata_trailers) {
    if (made.ended()) return &made.trailers();
    refusal = again(call, ended);
  } else {
    refusal = INVALID;
  }
  return nullptr;
}

std::int32_t InstanceBinding::metadata_get(std::int32_t id, std::int32_t where, std::string_view key,
                                           std::int32_t index, std::span<std::byte> value) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (index < 0) return INVALID;
  std::int32_t refusal = INVALID;
  const rpc::Metadata* const metadata = metadata_of(*call, where, refusal);
  return metadata == nullptr ? refusal : v1::give_value(*metadata, key, index, value);
}

std::int32_t InstanceBinding::metadata_list(std::int32_t id, std::int32_t where, std::span<std::byte> list) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  std::int32_t refusal = INVALID;
  const rpc::Metadata* const metadata = metadata_of(*call, where, refusal);
  return metadata == nullptr ? refusal : v1::give_list(*metadata, list);
}

std::int32_t InstanceBinding::status(std::int32_t id) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  const rpc::OutgoingCall& made = *call->made.call;
  return made.ended() ? static_cast<std::int32_t>(made.status().code) : again(*call, ended);
}

std::int32_t InstanceBinding::info(std::int32_t id, std::int32_t what, std::span<std::byte> value) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (what != info_status_message && what != info_status_details) return INVALID;
  const rpc::OutgoingCall& made = *call->made.call;
  if (!made.ended()) return again(*call, ended);
  if (what == info_status_message) return v1::give(made.status().message, value);
  return v1::give_value(made.trailers(), "grpc-status-details-bin", 0, value);
}

std::int32_t InstanceBinding::cancel(std::int32_t id) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  call->made.call->cancel({rpc::StatusCode::cancelled, "the caller has cancelled the call"});
  return OK;
}

std::int32_t InstanceBinding::close(std::int32_t id) {
  OpenCall* const call = find(id);
  if (call == nullptr) return CLOSED;
  forget(*call);
  return OK;
}

}  // namespace wasm_grpc::abi::client_1
