#include "fake_made_calls.h"

#include <cstring>
#include <span>
#include <string_view>

#include "fake_host.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/pairs.h"

namespace wasm_grpc::guest::testing {
namespace {

std::string text(const void* ptr, std::uint32_t len) { return std::string(static_cast<const char*>(ptr), len); }

std::int32_t give(std::string_view value, void* ptr, std::uint32_t cap) {
  if (value.size() <= cap && !value.empty()) std::memcpy(ptr, value.data(), value.size());
  return static_cast<std::int32_t>(value.size());
}

FakeMadeCalls& made() { return FakeHost::current().made; }

/// How many of the entries hold; each is told what does.
std::int32_t look(std::span<wasm_grpc_wait_entry> entries) {
  std::int32_t count = 0;
  for (wasm_grpc_wait_entry& entry : entries) {
    const FakeMadeCall* const call = made().live(entry.call);
    entry.ready =
        call == nullptr ? abi::closed : FakeMadeCalls::holding(*call) & static_cast<std::int32_t>(entry.interests);
    if (entry.ready != 0) ++count;
  }
  return count;
}

}  // namespace

FakeMadeCall* FakeMadeCalls::live(std::int32_t number) {
  const auto found = calls.find(number);
  return found == calls.end() || found->second.closed ? nullptr : &found->second;
}

std::int32_t FakeMadeCalls::holding(const FakeMadeCall& call) {
  std::int32_t held = 0;
  if (call.status || !call.responses.empty()) held |= abi::client_readable | abi::client_headers;
  if (call.status || call.room != 0) held |= abi::client_writable;
  if (call.status) held |= abi::client_ended;
  return held;
}

extern "C" {

std::int32_t wasm_grpc_client_1_require(const void* target, std::uint32_t target_len) {
  made().required.push_back(text(target, target_len));
  return abi::ok;
}

std::int32_t wasm_grpc_client_1_open(const void* target, std::uint32_t target_len, const void* path,
                                     std::uint32_t path_len, std::int32_t kind, std::int64_t timeout_ns,
                                     std::int32_t parent, const void* metadata, std::uint32_t metadata_len) {
  if (made().refusal != 0) return made().refusal;
  const std::int32_t number = 1000 + static_cast<std::int32_t>(made().calls.size());
  FakeMadeCall& call = made().calls[number];
  call.target = text(target, target_len);
  call.path = text(path, path_len);
  call.kind = kind;
  call.timeout = timeout_ns;
  call.parent = parent;
  for (std::string rest = text(metadata, metadata_len); !rest.empty();) {
    std::uint32_t sizes[2];
    std::memcpy(sizes, rest.data(), sizeof(sizes));
    call.metadata.emplace_back(rest.substr(8, sizes[0]), rest.substr(8 + sizes[0], sizes[1]));
    rest.erase(0, 8 + std::size_t{sizes[0]} + sizes[1]);
  }
  if (made().when_made) made().when_made(call);
  return number;
}

std::int32_t wasm_grpc_client_1_send(std::int32_t id, const void* ptr, std::uint32_t len, std::int32_t last) {
  FakeMadeCall* const call = made().live(id);
  if (call == nullptr || call->half_closed) return abi::closed;
  if (call->status) return abi::cancelled;
  if (call->room == 0) return abi::again;
  if (call->room > 0) --call->room;
  call->sent.push_back(text(ptr, len));
  call->half_closed = last != 0;
  return abi::ok;
}

std::int32_t wasm_grpc_client_1_half_close(std::int32_t id) {
  FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  call->half_closed = true;
  return abi::ok;
}

std::int32_t wasm_grpc_client_1_recv(std::int32_t id, void* ptr, std::uint32_t cap) {
  FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  if (call->responses.empty()) return call->status ? abi::end : abi::again;
  const std::int32_t length = give(call->responses.front(), ptr, cap);
  if (static_cast<std::uint32_t>(length) <= cap) call->responses.pop_front();
  return length;
}

std::int32_t wasm_grpc_client_1_metadata_list(std::int32_t id, std::int32_t where, void* ptr, std::uint32_t cap) {
  const FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  if (where == abi::trailers && !call->status) return abi::again;
  std::string list;
  for (const auto& [key, value] : where == abi::headers ? call->headers : call->trailers) {
    detail::append_pair(list, key, value);
  }
  return give(list, ptr, cap);
}

std::int32_t wasm_grpc_client_1_status(std::int32_t id) {
  const FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  return call->status.value_or(abi::again);
}

std::int32_t wasm_grpc_client_1_info(std::int32_t id, std::int32_t what, void* ptr, std::uint32_t cap) {
  const FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  if (!call->status) return abi::again;
  if (what == abi::client_status_message) return give(call->message, ptr, cap);
  return call->details.empty() ? abi::absent : give(call->details, ptr, cap);
}

std::int32_t wasm_grpc_client_1_cancel(std::int32_t id) {
  FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  if (!call->status) {
    call->responses.clear();
    call->answer({}, 1, "cancelled");
  }
  return abi::ok;
}

std::int32_t wasm_grpc_client_1_close(std::int32_t id) {
  FakeMadeCall* const call = made().live(id);
  if (call == nullptr) return abi::closed;
  call->closed = true;
  return abi::ok;
}

std::int32_t wasm_grpc_client_1_wait_any(wasm_grpc_wait_entry* entries, std::uint32_t count, std::int64_t timeout_ns) {
  const std::span all(entries, count);
  std::int32_t holding = look(all);
  if (holding != 0 || timeout_ns == 0) return holding;
  if (made().in_events) return abi::invalid;
  while (holding == 0) {
    ++made().waits;
    if (!made().while_waiting || !made().while_waiting()) return made().served_is_over ? abi::cancelled : 0;
    holding = look(all);
  }
  return holding;
}

}  // extern "C"

}  // namespace wasm_grpc::guest::testing
