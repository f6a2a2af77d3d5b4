#include "abi/v1_binding.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "abi/start_functions.h"
#include "wasm/guest_text.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::abi::v1 {

namespace {

/// Copies `value` when it fits, and answers its length either way.
std::int32_t give(std::string_view value, std::span<std::byte> buffer) {
  if (value.size() <= buffer.size()) std::memcpy(buffer.data(), value.data(), value.size());
  return static_cast<std::int32_t>(value.size());
}

std::int32_t answer(rpc::SendResult result) {
  switch (result) {
    case rpc::SendResult::ok:
      return OK;
    case rpc::SendResult::again:
      return AGAIN;
    case rpc::SendResult::cancelled:
      return CANCELLED;
    case rpc::SendResult::closed:
      return CLOSED;
    case rpc::SendResult::invalid:
      return INVALID;
  }
  return INVALID;
}

bool is_http(const rpc::Call& call) { return call.method().kind == rpc::MethodKind::http; }

Error lacks(const DeclaredMethod& method, std::string_view function, std::string_view style) {
  return Error{"it declares the method " + method.path + " in " + std::string(style) + " style and has no export \"" +
               std::string(function) + "\""};
}

/// What wait() would answer now; nothing when it would suspend.
std::optional<std::int32_t> ready(rpc::Call& call, std::int32_t interests) noexcept {
  if (call.cancelled()) return CANCELLED;
  std::int32_t holds = 0;
  if ((interests & wait_readable) != 0 && call.prepare_message()) holds |= wait_readable;
  if ((interests & wait_writable) != 0 && call.writable()) holds |= wait_writable;
  if (holds != 0) return holds;
  return std::nullopt;
}

}  // namespace

InstanceBinding::InstanceBinding(wasm::Instance& instance, LogSink& log, const Declaration* expected,
                                 HealthSink* health)
    : instance_(instance), log_(log), expected_(expected), health_(health) {
  instance_.set_host_data(wasm::HostSlot::abi, this);
}

Result<bool> InstanceBinding::begin_next_start_step() {
  switch (step_) {
    case Step::none:
      step_ = Step::instantiate;
      instance_.begin_instantiate();
      return true;
    case Step::instantiate:
      step_ = Step::initialize;
      if (begin_initialization(instance_)) return true;
      [[fallthrough]];
    case Step::initialize:
      step_ = Step::declare;
      if (begin_if_exported(instance_, start_export)) return true;
      return Error{"it has no export \"wasm_grpc_start\""};
    case Step::declare: {
      if (!refusal_.empty()) return Error{refusal_};
      if (expected_ != nullptr && next_expected_ != expected_->methods.size()) {
        return Error{"it declared other methods than when it was loaded"};
      }
      if (expected_ != nullptr &&
          (expected_->placement != declaration_.placement || expected_->placement_key != declaration_.placement_key)) {
        return Error{"it declared another placement than when it was loaded"};
      }
      const auto call_function = instance_.find_function(call_export);
      const auto event_function = instance_.find_function(event_export);
      for (const DeclaredMethod& method : declaration().methods) {
        if (method.style == Style::handler && !call_function) return lacks(method, call_export, "handler");
        if (method.style == Style::events && !event_function) return lacks(method, event_export, "event");
      }
      call_function_ = call_function.value_or(0);
      event_function_ = event_function.value_or(0);
      step_ = Step::ready;
      return false;
    }
    case Step::ready:
      return false;
  }
  return false;
}

bool InstanceBinding::start_step_exited_well() const { return step_ == Step::initialize && exited_well(instance_); }

std::int32_t InstanceBinding::next_id() noexcept {
  // Wraps after 2^31 calls of one instance, and then passes over those that live; 0 and below are never used.
  do {
    call_id_ = call_id_ == std::numeric_limits<std::int32_t>::max() ? 1 : call_id_ + 1;
  } while (event_calls_.find(call_id_) != nullptr);
  return call_id_;
}

CallStep InstanceBinding::begin_call(rpc::Call& call, std::int32_t tag) {
  call_ = &call;
  tag_ = tag;
  begun_ = false;
  return begin_when_ready();
}

// A handler that takes one request finds it there.
CallStep InstanceBinding::begin_when_ready() {
  if (!rpc::streams_requests(call_->method().kind) && !call_->prepare_message() && call_->is_unpacking()) {
    return CallStep::waits;
  }
  begun_ = true;
  const std::int32_t arguments[] = {next_id(), tag_};
  instance_.begin_call(call_function_, arguments, true);
  return CallStep::fiber;
}

std::int32_t InstanceBinding::open_call(rpc::Call& call, EventCallHost& host) {
  const std::int32_t id = next_id();
  event_calls_.insert({id, &call, &host});
  return id;
}

void InstanceBinding::begin_event(std::int32_t id, Event event, std::int32_t value) {
  const std::int32_t arguments[] = {id, static_cast<std::int32_t>(event), value};
  instance_.begin_call(event_function_, arguments, false);
}

CallStep InstanceBinding::continue_call() {
  if (!begun_) return begin_when_ready();
  rpc::Call& call = *std::exchange(call_, nullptr);
  if (call.finished() || call.cancelled()) return CallStep::over;
  const std::int32_t code = instance_.result();
  if (code >= 0 && code <= rpc::max_status_code) {
    call.finish({static_cast<rpc::StatusCode>(code), {}});
  } else {
    call.finish(
        {rpc::StatusCode::unknown, "the handler returned " + std::to_string(code) + ", which is no status code"});
  }
  return CallStep::over;
}

std::int32_t InstanceBinding::refuse(std::string_view path, std::string_view why) {
  if (refusal_.empty()) {
    refusal_ = "the declaration of method \"" + wasm::printable(path, wasm::most_of_name) +
               "\" was refused: " + std::string(why);
  }
  return INVALID;
}

std::int32_t InstanceBinding::method(std::string_view path, std::int32_t kind, std::int32_t style, std::int32_t tag) {
  if (step_ != Step::declare) return INVALID;
  if (path.size() > max_path_bytes) return refuse(path, "its path is longer than 1024 bytes");
  if (kind < 0 || kind > static_cast<std::int32_t>(rpc::MethodKind::http)) {
    return refuse(path, "its kind is " + std::to_string(kind) + "; a kind is 0 to 4");
  }
  if (kind == static_cast<std::int32_t>(rpc::MethodKind::http)) {
    if (!rpc::is_http_prefix(path)) return refuse(path, "a path of HTTP is / or /segment/segment");
  } else if (!rpc::parse_method_path(path)) {
    return refuse(path, "a path is /package.Service/Method");
  }
  if (style != 0 && style != 1) return refuse(path, "its style is " + std::to_string(style) + "; a style is 0 or 1");

  if (expected_ != nullptr) {
    const auto same = [&](const DeclaredMethod& known) {
      return known.path == path && static_cast<std::int32_t>(known.kind) == kind && known.tag == tag &&
             static_cast<std::int32_t>(known.style) == style;
    };
    if (next_expected_ < expected_->methods.size() && same(expected_->methods[next_expected_])) {
      ++next_expected_;
      return OK;
    }
    return refuse(path, "the module did not declare it so, or in this order, when it was loaded");
  }

  const auto same_path = [&](const DeclaredMethod& known) { return known.path == path; };
  if (std::any_of(declaration_.methods.begin(), declaration_.methods.end(), same_path)) {
    return refuse(path, "it was declared before");
  }
  if (declaration_.methods.size() >= max_methods) return refuse(path, "a module may declare 10000 methods");
  declaration_.methods.push_back(
      {std::string(path), static_cast<rpc::MethodKind>(kind), tag, static_cast<Style>(style)});
  return OK;
}

std::int32_t InstanceBinding::descriptors(std::span<const std::byte> set) {
  if (step_ != Step::declare) return INVALID;
  if (expected_ != nullptr) return OK;
  if (declaration_.descriptors.size() >= max_descriptor_sets) {
    if (refusal_.empty()) refusal_ = "it gives its descriptors in more than 1000 pieces";
    return INVALID;
  }
  std::size_t total = set.size();
  for (const std::string& other : declaration_.descriptors) total += other.size();
  if (total > max_descriptor_bytes) {
    if (refusal_.empty()) refusal_ = "its descriptors are larger than 4 MiB";
    return INVALID;
  }
  declaration_.descriptors.emplace_back(reinterpret_cast<const char*>(set.data()), set.size());
  return OK;
}

std::int32_t InstanceBinding::placement(std::int32_t where, std::string_view key) {
  if (step_ != Step::declare) return INVALID;
  const auto refuse_placement = [&](const std::string& why) {
    if (refusal_.empty()) refusal_ = "its placement was refused: " + why;
    return INVALID;
  };
  if (where < 0 || where > static_cast<std::int32_t>(Placement::key)) {
    return refuse_placement("it is " + std::to_string(where) + "; a placement is 0 to 2");
  }
  const auto placement = static_cast<Placement>(where);
  const bool is_name = key.size() <= rpc::max_response_metadata && rpc::is_valid_key(key);
  if (placement == Placement::key ? !is_name : !key.empty()) {
    return refuse_placement(placement == Placement::key
                                ? "\"" + wasm::printable(key, wasm::most_of_name) + "\" is no name of a request header"
                                : "only placement 2 has a header");
  }
  declaration_.placement = placement;
  declaration_.placement_key = key;
  return OK;
}

std::int32_t InstanceBinding::health_set(std::string_view service, std::int32_t serving) {
  if ((step_ != Step::declare && step_ != Step::ready) || (serving != 0 && serving != 1)) return INVALID;
  const auto& methods = declaration().methods;
  const auto of_service = [&](const DeclaredMethod& method) {
    return method.kind != rpc::MethodKind::http && rpc::parse_method_path(method.path)->service == service;
  };
  if (std::none_of(methods.begin(), methods.end(), of_service)) return ABSENT;
  if (step_ == Step::ready) {
    if (health_ != nullptr) health_->set_serving(service, serving == 1);
  } else if (expected_ == nullptr) {
    declaration_.serving.insert_or_assign(std::string(service), serving == 1);
  }  // else an instance starts of a module whose health has gone on since it was loaded
  return OK;
}

std::int32_t InstanceBinding::recv(std::int32_t id, std::span<std::byte> buffer) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (call->cancelled()) return CANCELLED;
  if (const auto message = call->message()) {
    const std::size_t size = message->size();
    if (size <= buffer.size()) {
      std::memcpy(buffer.data(), message->data(), size);
      call->pop_message();
    }
    return static_cast<std::int32_t>(size);
  }
  if (call->cancelled()) {  // the message could not be decompressed
    if (const CallTable::Entry* const entry = event_calls_.find(id)) entry->host->refused();
    return CANCELLED;
  }
  return call->requests_ended() ? END : AGAIN;
}

std::int32_t InstanceBinding::send(std::int32_t id, std::span<const std::byte> message) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return answer(call->send(message));
}

std::int32_t InstanceBinding::wait(std::int32_t id, std::int32_t interests, std::int64_t timeout_ns) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if ((interests & ~(wait_readable | wait_writable)) != 0) return INVALID;
  if (const auto holds = ready(*call, interests)) return *holds;
  if (timeout_ns == 0) return 0;
  if (call != call_) return INVALID;  // in event style nothing waits

  wasm::Suspension suspension;
  static_assert(wait_readable == interest::readable && wait_writable == interest::writable);
  suspension.interests = static_cast<std::uint32_t>(interests) | interest::cancelled;
  if (timeout_ns > 0) {
    const auto now = wasm::Clock::now();
    const auto left = wasm::Suspension::never - now;
    const auto timeout = std::chrono::nanoseconds(timeout_ns);
    suspension.until = timeout < left ? now + timeout : wasm::Suspension::never;
  }
  suspension.resolve = [](wasm::Instance& instance, const wasm::Suspension& waiting) -> std::optional<std::int32_t> {
    const auto& self = *static_cast<InstanceBinding*>(instance.host_data(wasm::HostSlot::abi));
    const auto wanted = static_cast<std::int32_t>(waiting.interests & ~interest::cancelled);
    if (const auto holds = ready(*self.call_, wanted)) return holds;
    if (waiting.until != wasm::Suspension::never && wasm::Clock::now() >= waiting.until) return 0;
    return std::nullopt;
  };
  instance_.suspend(suspension);
  return 0;
}

std::int32_t InstanceBinding::finish(std::int32_t id, std::int32_t code, std::string_view message) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (code < 0 || code > rpc::max_status_code) return INVALID;
  // The call cuts it between characters; it need not be given much more than it keeps.
  message = message.substr(0, max_status_message_bytes + 4);
  const std::int32_t done = answer(call->finish({static_cast<rpc::StatusCode>(code), std::string(message)}));
  if (call != call_ && done == OK) {
    EventCallHost& host = *event_calls_.find(id)->host;
    event_calls_.erase(id);
    host.guest_finished();
  }
  return done;
}

std::int32_t InstanceBinding::metadata_get(std::int32_t id, std::string_view key, std::int32_t index,
                                           std::span<std::byte> value) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (index < 0) return INVALID;
  const auto found = call->request_metadata().get(key, static_cast<std::size_t>(index));
  return found ? give(*found, value) : ABSENT;
}

std::int32_t InstanceBinding::metadata_list(std::int32_t id, std::span<std::byte> list) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  const rpc::Metadata& metadata = call->request_metadata();
  const std::size_t total = metadata.byte_size() + metadata.size() * 2 * sizeof(std::uint32_t);
  if (total > list.size()) return static_cast<std::int32_t>(total);
  std::byte* out = list.data();
  const auto put = [&out](const void* bytes, std::size_t size) {
    std::memcpy(out, bytes, size);
    out += size;
  };
  for (const auto [key, value] : metadata) {
    const std::uint32_t sizes[] = {static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
    put(sizes, sizeof(sizes));
    put(key.data(), key.size());
    put(value.data(), value.size());
  }
  return static_cast<std::int32_t>(total);
}

std::int32_t InstanceBinding::metadata_add(std::int32_t id, std::int32_t where, std::string_view key,
                                           std::string_view value) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (where != metadata_headers && where != metadata_trailers) return INVALID;
  if (call->cancelled()) return CANCELLED;
  if (call->finished()) return CLOSED;
  const bool added = where == metadata_headers ? call->add_header(key, value) : call->add_trailer(key, value);
  return added ? OK : INVALID;
}

std::int32_t InstanceBinding::timer(std::int32_t id, std::int64_t timeout_ns) {
  const CallTable::Entry* const entry = event_calls_.find(id);
  if (entry == nullptr) return call_ != nullptr && id == call_id_ ? INVALID : CLOSED;  // a handler waits
  if (entry->call->cancelled()) return CANCELLED;
  entry->host->set_timer(std::chrono::nanoseconds(timeout_ns));
  return OK;
}

std::int32_t InstanceBinding::http_status(std::int32_t id, std::int32_t status) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (call->cancelled()) return CANCELLED;
  if (call->finished()) return CLOSED;
  return call->set_http_status(status) ? OK : INVALID;
}

std::int32_t InstanceBinding::headers_send(std::int32_t id) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return answer(call->send_headers());
}

std::int32_t InstanceBinding::compress(std::int32_t id, std::int32_t on) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (on != 0 && on != 1) return INVALID;
  const std::int32_t done = answer(call->compress(on != 0));
  return done == OK && call->compressing() ? 1 : done;
}

std::int32_t InstanceBinding::info(std::int32_t id, std::int32_t what, std::span<std::byte> value) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  switch (what) {
    case info_path:
      return give(is_http(*call) ? call->http_target() : call->method().path, value);
    case info_authority:
      return call->authority().empty() ? ABSENT : give(call->authority(), value);
    case info_peer:
      return call->peer().empty() ? ABSENT : give(call->peer(), value);
    case info_tls_peer:
      return call->tls_peer().empty() ? ABSENT : give(call->tls_peer(), value);
    case info_message_encoding: {
      const auto encoding = call->message_encoding();
      return encoding ? give(rpc::name(*encoding), value) : ABSENT;
    }
    case info_http_method:
      return is_http(*call) ? give(call->http_method(), value) : ABSENT;
    default:
      return INVALID;
  }
}

std::int64_t InstanceBinding::deadline(std::int32_t id) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  const auto deadline = call->deadline();
  if (!deadline) return std::numeric_limits<std::int64_t>::max();
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(*deadline - rpc::Clock::now());
  return std::max<std::int64_t>(left.count(), 0);
}

void InstanceBinding::log(std::int32_t level, std::string_view text) {
  const auto known = static_cast<LogLevel>(std::clamp<std::int32_t>(level, 0, static_cast<int>(LogLevel::error)));
  text = text.substr(0, max_log_bytes);
  std::string escaped;
  if (!wasm::is_printable(text)) text = escaped = wasm::printable(text);
  log_.log(instance_.linked().module().name(), level < 0 ? LogLevel::error : known, text);
}

}  // namespace wasm_grpc::abi::v1
