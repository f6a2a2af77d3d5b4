#include "fake_host.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/abi.h"

namespace wasm_grpc::guest::testing {
namespace {

FakeHost* the_host = nullptr;

FakeCall* find(std::int32_t call) {
  const auto found = FakeHost::current().calls.find(call);
  return found == FakeHost::current().calls.end() ? nullptr : &found->second;
}

std::string text(const void* ptr, std::uint32_t len) { return std::string(static_cast<const char*>(ptr), len); }

/// Counts down what is left of `total` refusals; true while there is one, and starts over after the last.
bool refuses(int total, int& left) {
  if (left < 0) left = total;
  if (left > 0) return true;
  left = -1;
  return false;
}

std::int32_t give(std::string_view value, void* ptr, std::uint32_t cap) {
  if (value.size() <= cap && !value.empty()) std::memcpy(ptr, value.data(), value.size());
  return static_cast<std::int32_t>(value.size());
}

}  // namespace

FakeHost::FakeHost() { the_host = this; }
FakeHost::~FakeHost() { the_host = nullptr; }
FakeHost& FakeHost::current() { return *the_host; }

extern "C" {

std::int32_t wasm_grpc_1_method(const void* path, std::uint32_t path_len, std::int32_t kind, std::int32_t style,
                                std::int32_t tag) {
  FakeHost::current().methods.push_back({text(path, path_len), kind, style, tag});
  return abi::ok;
}

std::int32_t wasm_grpc_1_descriptors(const void* ptr, std::uint32_t len) {
  if (len > 4u << 20) return abi::invalid;
  FakeHost::current().descriptors.push_back(text(ptr, len));
  return abi::ok;
}

std::int32_t wasm_grpc_1_placement(std::int32_t where, const void* key, std::uint32_t key_len) {
  FakeHost::current().placement = {where, text(key, key_len)};
  return abi::ok;
}

std::int32_t wasm_grpc_1_timer(std::int32_t id, std::int64_t timeout_ns) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  call->timer = timeout_ns;
  return abi::ok;
}

std::int32_t wasm_grpc_1_health_set(const void* service, std::uint32_t service_len, std::int32_t serving) {
  FakeHost::current().serving[text(service, service_len)] = serving != 0;
  return abi::ok;
}

std::int32_t wasm_grpc_1_recv(std::int32_t id, void* ptr, std::uint32_t cap) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  ++call->recv_calls;
  if (call->requests.empty()) return call->cancelled ? abi::cancelled : call->ended ? abi::end : abi::again;
  if (refuses(call->waits_per_request, call->request_waits_left)) return abi::again;
  const std::int32_t length = give(call->requests.front(), ptr, cap);
  if (static_cast<std::uint32_t>(length) <= cap) {
    call->requests.pop_front();
  } else {
    call->request_waits_left = 0;
  }
  return length;
}

std::int32_t wasm_grpc_1_send(std::int32_t id, const void* ptr, std::uint32_t len) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  if (call->cancelled && call->requests.empty()) return abi::cancelled;
  if (call->room == 0 || refuses(call->waits_per_send, call->send_waits_left)) return abi::again;
  if (call->room > 0) --call->room;
  call->headers_sent = true;
  call->sent.push_back(text(ptr, len));
  return abi::ok;
}

std::int32_t wasm_grpc_1_wait(std::int32_t id, std::int32_t interests, std::int64_t timeout_ns) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  ++call->waits;
  call->last_timeout = timeout_ns;
  if (call->cancelled_when_waiting && timeout_ns != 0) {
    call->requests.clear();
    call->cancelled = true;
  }
  if (call->cancelled && call->requests.empty()) return abi::cancelled;
  const auto look = [timeout_ns](int total, int& left) {
    if (left < 0) left = total;
    if (timeout_ns == 0) return left == 0;
    // One wait takes one refusal away. Where more are left it wakes too early, which callers must bear.
    if (left > 0) --left;
    return true;
  };
  std::int32_t ready = 0;
  const bool none_yet = call->requests.empty() && !call->ended;
  if ((interests & abi::readable) != 0 && !none_yet && look(call->waits_per_request, call->request_waits_left)) {
    ready |= abi::readable;
  }
  if ((interests & abi::writable) != 0 && call->room != 0 && look(call->waits_per_send, call->send_waits_left)) {
    ready |= abi::writable;
  }
  return ready;
}

std::int32_t wasm_grpc_1_wait_any(wasm_grpc_wait_entry* entries, std::uint32_t count, std::int64_t timeout_ns) {
  if (FakeHost::current().is_old) return abi::unsupported;
  if (count == 0 || count > 1024) return abi::invalid;
  std::int32_t holding = 0;
  for (wasm_grpc_wait_entry& entry : std::span(entries, count)) {
    entry.ready = wasm_grpc_1_wait(entry.call, static_cast<std::int32_t>(entry.interests), timeout_ns);
    if (entry.ready != 0) ++holding;
  }
  return holding;
}

std::int32_t wasm_grpc_1_wait_fd(std::int32_t, std::int32_t) { return abi::unsupported; }  // there is no WASI here

std::int32_t wasm_grpc_1_alarm(std::int64_t timeout_ns) {
  if (FakeHost::current().is_old) return abi::unsupported;
  FakeHost::current().alarm = timeout_ns;
  return abi::ok;
}

std::int32_t wasm_grpc_1_ending(std::int32_t wanted) {
  if (FakeHost::current().is_old) return abi::unsupported;
  FakeHost::current().wants_ending = wanted;
  return abi::ok;
}

std::int32_t wasm_grpc_1_finish(std::int32_t id, std::int32_t code, const void* message, std::uint32_t message_len) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  if (call->cancelled && call->requests.empty()) return abi::cancelled;
  call->finished = {code, text(message, message_len)};
  return abi::ok;
}

std::int32_t wasm_grpc_1_metadata_get(std::int32_t id, const void* key, std::uint32_t key_len, std::int32_t index,
                                      void* value, std::uint32_t cap) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  for (const auto& [name, content] : call->metadata) {
    if (name == text(key, key_len) && index-- == 0) return give(content, value, cap);
  }
  return abi::absent;
}

std::int32_t wasm_grpc_1_metadata_list(std::int32_t id, void* ptr, std::uint32_t cap) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  std::string list;
  for (const auto& [key, value] : call->metadata) {
    for (const std::size_t size : {key.size(), value.size()}) {
      for (int i = 0; i < 4; ++i) list.push_back(static_cast<char>(size >> (8 * i)));
    }
    list += key + value;
  }
  return give(list, ptr, cap);
}

static bool may_be_metadata(const FakeCall& call, const std::string& key, const std::string& value) {
  constexpr std::size_t most = 16 * 1024;
  std::size_t size = key.size() + value.size();
  for (const auto* fields : {&call.headers, &call.trailers}) {
    for (const auto& [other, said] : *fields) size += other.size() + said.size();
  }
  const bool is_printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return size <= most && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string::npos &&
         (is_printable || key.ends_with("-bin"));
}

std::int32_t wasm_grpc_1_metadata_add(std::int32_t id, std::int32_t where, const void* key, std::uint32_t key_len,
                                      const void* value, std::uint32_t value_len) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  if (where == abi::headers && call->headers_sent) return abi::invalid;
  if (where == abi::trailers && call->finished) return abi::closed;
  if (!may_be_metadata(*call, text(key, key_len), text(value, value_len))) return abi::invalid;
  (where == abi::headers ? call->headers : call->trailers).emplace_back(text(key, key_len), text(value, value_len));
  return abi::ok;
}

std::int32_t wasm_grpc_1_http_status(std::int32_t id, std::int32_t status) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  if (call->headers_sent) return abi::invalid;
  call->http_status = status;
  return abi::ok;
}

std::int32_t wasm_grpc_1_headers_send(std::int32_t id) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  call->headers_sent = true;
  return abi::ok;
}

std::int32_t wasm_grpc_1_compress(std::int32_t id, std::int32_t on) {
  FakeCall* const call = find(id);
  if (call == nullptr || call->finished) return abi::closed;
  if (on != 0 && !call->accepts_compression) return 0;
  call->compress_calls.push_back(on);
  return on;
}

std::int32_t wasm_grpc_1_info(std::int32_t id, std::int32_t what, void* ptr, std::uint32_t cap) {
  FakeCall* const call = find(id);
  if (call == nullptr) return abi::closed;
  const auto found = call->info.find(what);
  return found == call->info.end() ? abi::absent : give(found->second, ptr, cap);
}

std::int64_t wasm_grpc_1_deadline(std::int32_t id) {
  FakeCall* const call = find(id);
  return call == nullptr ? abi::closed : call->deadline;
}

std::int32_t wasm_grpc_1_log_call(std::int32_t call, std::int32_t level, const void* ptr, std::uint32_t len,
                                  const void* pairs, std::uint32_t pairs_len) {
  FakeHost& host = FakeHost::current();
  if (host.is_old) return abi::unsupported;
  if (find(call) == nullptr) return abi::closed;
  std::string line = std::to_string(call) + " " + std::to_string(level) + " " + text(ptr, len);
  std::size_t count = 0;
  for (std::string rest = text(pairs, pairs_len); !rest.empty(); ++count) {
    std::uint32_t sizes[2];
    std::memcpy(sizes, rest.data(), sizeof(sizes));
    line += " " + rest.substr(8, sizes[0]) + "=" + rest.substr(8 + sizes[0], sizes[1]);
    rest.erase(0, 8 + std::size_t{sizes[0]} + sizes[1]);
  }
  if (count > host.max_fields) return abi::invalid;
  host.call_log.push_back(std::move(line));
  return abi::ok;
}

void wasm_grpc_1_log(std::int32_t level, const void* ptr, std::uint32_t len) {
  FakeHost::current().log.emplace_back(level, text(ptr, len));
}

}  // extern "C"

}  // namespace wasm_grpc::guest::testing
