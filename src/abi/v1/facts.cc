// What a guest may know of a call, and what it says of it to the log.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "abi/v1/answers.h"
#include "abi/v1/binding.h"
#include "wasm/guest_text.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace wasm_grpc::abi::v1 {

namespace {

/// A number of 8 bytes; a limit of 0 is none.
std::int32_t give_limit(std::uint64_t limit, std::span<std::byte> buffer) {
  if (limit == 0) return ABSENT;
  if (sizeof(limit) <= buffer.size()) std::memcpy(buffer.data(), &limit, sizeof(limit));
  return sizeof(limit);
}

std::uint64_t nanoseconds(std::chrono::nanoseconds time) { return static_cast<std::uint64_t>(time.count()); }

/// The client's first name of the kinds that there were at first, without its kind.
std::int32_t give_tls_peer(std::span<const TlsName> names, std::span<std::byte> buffer) {
  if (names.empty() || names.front().kind > TlsNameKind::common_name) return ABSENT;
  return give(names.front().value, buffer);
}

/// A line for each: "dns:client.example.com".
std::int32_t give_tls_names(std::span<const TlsName> names, std::span<std::byte> buffer) {
  if (names.empty()) return ABSENT;
  std::string lines;
  for (const TlsName& known : names) {
    if (!lines.empty()) lines += '\n';
    lines.append(wasm_grpc::name(known.kind)).append(":").append(known.value);
  }
  return give(lines, buffer);
}

/// Why a call has ended; empty while it has not.
std::string_view name(rpc::CallEnd end) {
  switch (end) {
    case rpc::CallEnd::none:
      return {};
    case rpc::CallEnd::answered:
      return "answered";
    case rpc::CallEnd::client:
      return "client";
    case rpc::CallEnd::deadline:
      return "deadline";
    case rpc::CallEnd::connection:
      return "connection";
    case rpc::CallEnd::stopping:
      return "stopping";
    case rpc::CallEnd::host:
      return "host";
  }
  return {};
}

LogLevel level_of(std::int32_t level) {
  return level < 0 || level > static_cast<int>(LogLevel::error) ? LogLevel::error : static_cast<LogLevel>(level);
}

/// The text as it is logged; `escaped` holds it where it had to be changed.
std::string_view printable(std::string_view text, std::string& escaped) {
  text = text.substr(0, max_log_bytes);
  if (wasm::is_printable(text)) return text;
  return escaped = wasm::printable(text);
}

/// The fields of log_call(); nothing when they are not as they should be.
std::optional<std::size_t> read_fields(std::string_view pairs, std::array<LogField, max_log_fields>& fields) {
  std::size_t count = 0;
  while (!pairs.empty()) {
    if (count == fields.size()) return std::nullopt;
    const auto pair = take_pair(pairs);
    if (!pair || pair->key.size() > max_log_key_bytes || !rpc::is_valid_key(pair->key)) return std::nullopt;
    fields[count++] = {pair->key, pair->value};
  }
  return count;
}

bool is_http(const rpc::Call& call) { return call.method().kind == rpc::MethodKind::http; }

}  // namespace

std::int32_t InstanceBinding::metadata_get(std::int32_t id, std::string_view key, std::int32_t index,
                                           std::span<std::byte> value) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return give_value(call->request_metadata(), key, index, value);
}

std::int32_t InstanceBinding::metadata_list(std::int32_t id, std::span<std::byte> list) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return give_list(call->request_metadata(), list);
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
      return give_tls_peer(call->tls_names(), value);
    case info_tls_names:
      return give_tls_names(call->tls_names(), value);
    case info_message_encoding: {
      const auto encoding = call->message_encoding();
      return encoding ? give(rpc::name(*encoding), value) : ABSENT;
    }
    case info_http_method:
      return is_http(*call) ? give(call->http_method(), value) : ABSENT;
    case info_end: {
      // In event style the host may have given it its status, of which the guest is yet to be told.
      const bool refused = call != call_ && call->finished() && !call->cancelled();
      const std::string_view end = name(refused ? rpc::CallEnd::host : call->end());
      return end.empty() ? ABSENT : give(end, value);
    }
    case info_token_subject:
      return call->token() == nullptr || call->token()->subject.empty() ? ABSENT : give(call->token()->subject, value);
    case info_token_claims:
      return call->token() == nullptr ? ABSENT : give(call->token()->claims, value);
    case info_content_subtype:
      return call->content_subtype().empty() ? ABSENT : give(call->content_subtype(), value);
    case info_max_request:
      return give_limit(host_.limits.request_bytes, value);
    case info_max_response:
      return give_limit(host_.limits.response_bytes, value);
    case info_max_metadata:
      return give_limit(rpc::max_response_metadata, value);
    case info_max_memory:
      return give_limit(host_.limits.memory_bytes, value);
    case info_max_cpu_time:
      return give_limit(nanoseconds(host_.limits.cpu_time), value);
    case info_max_event_time:
      return call == call_ ? ABSENT : give_limit(nanoseconds(host_.limits.event_time), value);
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
  std::string escaped;
  host_.log.log(instance_.linked().module().name(), level_of(level), printable(text, escaped), current_call());
}

std::int32_t InstanceBinding::log_call(std::int32_t id, std::int32_t level, std::string_view text,
                                       std::span<const std::byte> pairs) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (pairs.size() > max_log_pairs_bytes) return INVALID;
  std::array<LogField, max_log_fields> fields;
  const auto count = read_fields({reinterpret_cast<const char*>(pairs.data()), pairs.size()}, fields);
  if (!count) return INVALID;
  std::string escaped;
  host_.log.log_call(instance_.linked().module().name(), level_of(level), printable(text, escaped), *call,
                     std::span(fields).first(*count));
  return OK;
}

}  // namespace wasm_grpc::abi::v1
