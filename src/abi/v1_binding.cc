#include "abi/v1_binding.h"

#include <algorithm>
#include <cstring>
#include <limits>

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

}  // namespace

HandlerBinding::HandlerBinding(wasm::Instance& instance, LogSink& log, const Declaration* expected, HealthSink* health)
    : instance_(instance), log_(log), expected_(expected), health_(health) {
  instance_.set_host_data(wasm::HostSlot::abi, this);
}

bool HandlerBinding::begin_if_exported(std::string_view name) {
  const auto function = instance_.find_function(name);
  if (!function) return false;
  instance_.begin_call(*function, {}, false);
  return true;
}

Result<bool> HandlerBinding::begin_next_start_step() {
  switch (step_) {
    case Step::none:
      step_ = Step::instantiate;
      instance_.begin_instantiate();
      return true;
    case Step::instantiate:
      step_ = Step::initialize;
      if (begin_if_exported(initialize_export) || begin_if_exported(command_export)) return true;
      [[fallthrough]];
    case Step::initialize:
      step_ = Step::declare;
      if (begin_if_exported(start_export)) return true;
      return Error{"it has no export \"wasm_grpc_start\""};
    case Step::declare: {
      if (!refusal_.empty()) return Error{refusal_};
      if (expected_ != nullptr && next_expected_ != expected_->methods.size()) {
        return Error{"it declared other methods than when it was loaded"};
      }
      const auto function = instance_.find_function(call_export);
      if (!function) return Error{"it has no export \"wasm_grpc_call\""};
      call_function_ = *function;
      step_ = Step::ready;
      return false;
    }
    case Step::ready:
      return false;
  }
  return false;
}

bool HandlerBinding::start_step_exited_well() const {
  const wasm::Failure& failure = instance_.failure();
  return step_ == Step::initialize && failure.kind == wasm::Failure::Kind::exit && failure.exit_code == 0;
}

void HandlerBinding::begin_call(rpc::Call& call, std::int32_t tag) {
  call_ = &call;
  // Wraps after 2^31 calls of one instance; 0 and below are never used.
  call_id_ = call_id_ == std::numeric_limits<std::int32_t>::max() ? 1 : call_id_ + 1;
  const std::int32_t arguments[] = {call_id_, tag};
  instance_.begin_call(call_function_, arguments, true);
}

void HandlerBinding::end_call() {
  rpc::Call& call = *std::exchange(call_, nullptr);
  if (call.finished() || call.cancelled()) return;
  const std::int32_t code = instance_.result();
  if (code >= 0 && code <= rpc::max_status_code) {
    call.finish({static_cast<rpc::StatusCode>(code), {}});
  } else {
    call.finish(
        {rpc::StatusCode::unknown, "the handler returned " + std::to_string(code) + ", which is no status code"});
  }
}

std::int32_t HandlerBinding::refuse(std::string_view path, std::string_view why) {
  if (refusal_.empty()) {
    refusal_ = "the declaration of method \"" + wasm::printable(path, wasm::most_of_name) +
               "\" was refused: " + std::string(why);
  }
  return INVALID;
}

std::int32_t HandlerBinding::method(std::string_view path, std::int32_t kind, std::int32_t style, std::int32_t tag) {
  if (step_ != Step::declare) return INVALID;
  if (path.size() > max_path_bytes) return refuse(path, "its path is longer than 1024 bytes");
  if (!rpc::parse_method_path(path)) return refuse(path, "a path is /package.Service/Method");
  if (kind < 0 || kind > static_cast<std::int32_t>(rpc::MethodKind::bidi_stream)) {
    return refuse(path, "its kind is " + std::to_string(kind) + "; a kind is 0 to 3");
  }
  if (style == style_events) {
    refuse(path, "this host does not offer event style (1) yet, only handler style (0)");
    return UNSUPPORTED;
  }
  if (style != style_handler) return refuse(path, "its style is " + std::to_string(style) + "; a style is 0 or 1");

  if (expected_ != nullptr) {
    const auto same = [&](const DeclaredMethod& known) {
      return known.path == path && static_cast<std::int32_t>(known.kind) == kind && known.tag == tag;
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
  declaration_.methods.push_back({std::string(path), static_cast<rpc::MethodKind>(kind), tag});
  return OK;
}

std::int32_t HandlerBinding::descriptors(std::span<const std::byte> set) {
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

std::int32_t HandlerBinding::health_set(std::string_view service, std::int32_t serving) {
  if ((step_ != Step::declare && step_ != Step::ready) || (serving != 0 && serving != 1)) return INVALID;
  const auto& methods = declaration().methods;
  const auto of_service = [&](const DeclaredMethod& method) {
    return rpc::parse_method_path(method.path)->service == service;
  };
  if (std::none_of(methods.begin(), methods.end(), of_service)) return ABSENT;
  if (step_ == Step::ready) {
    if (health_ != nullptr) health_->set_serving(service, serving == 1);
  } else if (expected_ == nullptr) {
    declaration_.serving.insert_or_assign(std::string(service), serving == 1);
  }  // else an instance starts of a module whose health has gone on since it was loaded
  return OK;
}

std::int32_t HandlerBinding::recv(std::int32_t call, std::span<std::byte> buffer) {
  if (!live(call)) return CLOSED;
  if (call_->cancelled()) return CANCELLED;
  if (const auto message = call_->message()) {
    const std::size_t size = message->size();
    if (size <= buffer.size()) {
      std::memcpy(buffer.data(), message->data(), size);
      call_->pop_message();
    }
    return static_cast<std::int32_t>(size);
  }
  if (call_->cancelled()) return CANCELLED;  // the message could not be decompressed
  return call_->requests_ended() ? END : AGAIN;
}

std::int32_t HandlerBinding::send(std::int32_t call, std::span<const std::byte> message) {
  if (!live(call)) return CLOSED;
  return answer(call_->send(message));
}

std::optional<std::int32_t> HandlerBinding::ready(std::int32_t interests) const noexcept {
  if (call_->cancelled()) return CANCELLED;
  std::int32_t holds = 0;
  if ((interests & wait_readable) != 0 && call_->readable()) holds |= wait_readable;
  if ((interests & wait_writable) != 0 && call_->writable()) holds |= wait_writable;
  if (holds != 0) return holds;
  return std::nullopt;
}

std::int32_t HandlerBinding::wait(std::int32_t call, std::int32_t interests, std::int64_t timeout_ns) {
  if (!live(call)) return CLOSED;
  if ((interests & ~(wait_readable | wait_writable)) != 0) return INVALID;
  if (const auto holds = ready(interests)) return *holds;
  if (timeout_ns == 0) return 0;

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
    const auto& self = *static_cast<HandlerBinding*>(instance.host_data(wasm::HostSlot::abi));
    const auto wanted = static_cast<std::int32_t>(waiting.interests & ~interest::cancelled);
    if (const auto holds = self.ready(wanted)) return holds;
    if (waiting.until != wasm::Suspension::never && wasm::Clock::now() >= waiting.until) return 0;
    return std::nullopt;
  };
  instance_.suspend(suspension);
  return 0;
}

std::int32_t HandlerBinding::finish(std::int32_t call, std::int32_t code, std::string_view message) {
  if (!live(call)) return CLOSED;
  if (code < 0 || code > rpc::max_status_code) return INVALID;
  // The call cuts it between characters; it need not be given much more than it keeps.
  message = message.substr(0, max_status_message_bytes + 4);
  return answer(call_->finish({static_cast<rpc::StatusCode>(code), std::string(message)}));
}

std::int32_t HandlerBinding::metadata_get(std::int32_t call, std::string_view key, std::int32_t index,
                                          std::span<std::byte> value) {
  if (!live(call)) return CLOSED;
  if (index < 0) return INVALID;
  const auto found = call_->request_metadata().get(key, static_cast<std::size_t>(index));
  return found ? give(*found, value) : ABSENT;
}

std::int32_t HandlerBinding::metadata_list(std::int32_t call, std::span<std::byte> list) {
  if (!live(call)) return CLOSED;
  const rpc::Metadata& metadata = call_->request_metadata();
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

std::int32_t HandlerBinding::metadata_add(std::int32_t call, std::int32_t where, std::string_view key,
                                          std::string_view value) {
  if (!live(call)) return CLOSED;
  if (where != metadata_headers && where != metadata_trailers) return INVALID;
  if (call_->cancelled()) return CANCELLED;
  if (call_->finished()) return CLOSED;
  const bool added = where == metadata_headers ? call_->add_header(key, value) : call_->add_trailer(key, value);
  return added ? OK : INVALID;
}

std::int32_t HandlerBinding::headers_send(std::int32_t call) {
  if (!live(call)) return CLOSED;
  return answer(call_->send_headers());
}

std::int32_t HandlerBinding::compress(std::int32_t call, std::int32_t on) {
  if (!live(call)) return CLOSED;
  if (on != 0 && on != 1) return INVALID;
  const std::int32_t done = answer(call_->compress(on != 0));
  return done == OK && call_->compressing() ? 1 : done;
}

std::int32_t HandlerBinding::info(std::int32_t call, std::int32_t what, std::span<std::byte> value) {
  if (!live(call)) return CLOSED;
  switch (what) {
    case info_path:
      return give(call_->method().path, value);
    case info_authority:
      return call_->authority().empty() ? ABSENT : give(call_->authority(), value);
    case info_peer:
      return call_->peer().empty() ? ABSENT : give(call_->peer(), value);
    case info_tls_peer:
      return call_->tls_peer().empty() ? ABSENT : give(call_->tls_peer(), value);
    case info_message_encoding: {
      const auto encoding = call_->message_encoding();
      return encoding ? give(rpc::name(*encoding), value) : ABSENT;
    }
    default:
      return INVALID;
  }
}

std::int64_t HandlerBinding::deadline(std::int32_t call) {
  if (!live(call)) return CLOSED;
  const auto deadline = call_->deadline();
  if (!deadline) return std::numeric_limits<std::int64_t>::max();
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(*deadline - rpc::Clock::now());
  return std::max<std::int64_t>(left.count(), 0);
}

void HandlerBinding::log(std::int32_t level, std::string_view text) {
  const auto known = static_cast<LogLevel>(std::clamp<std::int32_t>(level, 0, static_cast<int>(LogLevel::error)));
  log_.log(instance_.linked().module().name(), level < 0 ? LogLevel::error : known,
           wasm::printable(text.substr(0, max_log_bytes)));
}

}  // namespace wasm_grpc::abi::v1
