// bench.Events over ABI 1 itself, without the rest of the SDK: what the host costs in event style, and what the same
// unary call costs in handler style. See docs/benchmarks.md for the service.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wasm_grpc/guest/abi.h"

using namespace wasm_grpc::guest;

namespace {

enum Method : std::int32_t { handled, at_once, later, subscribe, publish, chat };

/// Of the messages there are here. A larger one is refused.
constexpr std::uint32_t max_message = 65536;
constexpr std::int32_t invalid_argument = 3;

std::uint8_t message[max_message];

void finish(std::int32_t call, std::int32_t code = 0) { abi::wasm_grpc_1_finish(call, code, nullptr, 0); }

/// The length of the call's next message, which is then in `message`; a result below 0 otherwise.
std::int32_t receive(std::int32_t call) {
  const std::int32_t length = abi::wasm_grpc_1_recv(call, message, max_message);
  if (length <= static_cast<std::int32_t>(max_message)) return length;
  finish(call, invalid_argument);
  return abi::closed;
}

/// Numbers of calls in no order, each found and taken out in constant time.
class Calls {
 public:
  void insert(std::int32_t call) {
    places_.emplace(call, calls_.size());
    calls_.push_back(call);
  }
  void erase(std::int32_t call) {
    const auto found = places_.find(call);
    if (found == places_.end()) return;
    const std::size_t place = found->second;
    places_.erase(found);
    if (place + 1 != calls_.size()) {
      calls_[place] = calls_.back();
      places_[calls_[place]] = place;
    }
    calls_.pop_back();
  }
  [[nodiscard]] const std::vector<std::int32_t>& all() const { return calls_; }

 private:
  std::vector<std::int32_t> calls_;
  std::unordered_map<std::int32_t, std::size_t> places_;
};

Calls subscribers;

/// A unary call that waits for the next one, by which it is answered with its own message.
struct Waiting {
  std::int32_t call = 0;  // 0: none
  std::int32_t length = 0;
  std::uint8_t message[max_message];
} waiting;

/// Bidi streams with an echo that has not left yet: the message is taken again when the client reads.
std::unordered_map<std::int32_t, std::vector<std::uint8_t>> unsent;

void answer(std::int32_t call, const std::uint8_t* bytes, std::int32_t length) {
  abi::wasm_grpc_1_send(call, bytes, static_cast<std::uint32_t>(length));
  finish(call);
}

void open_unary(std::int32_t call, bool now) {
  const std::int32_t length = receive(call);
  if (length < 0) return;
  if (now) return answer(call, message, length);
  if (waiting.call != 0) answer(waiting.call, waiting.message, waiting.length);
  waiting.call = call;
  waiting.length = length;
  __builtin_memcpy(waiting.message, message, static_cast<std::size_t>(length));
}

/// Sends to every subscriber that has room; those that have none miss it. The reply is two fixed32: how many got it
/// (field 1), and how many did not (field 2).
void open_publish(std::int32_t call) {
  const std::int32_t length = receive(call);
  if (length < 0) return;
  std::uint32_t sent = 0;
  std::uint32_t missed = 0;
  for (const std::int32_t subscriber : subscribers.all()) {
    ++(abi::wasm_grpc_1_send(subscriber, message, static_cast<std::uint32_t>(length)) == abi::ok ? sent : missed);
  }
  std::uint8_t reply[10] = {1 << 3 | 5, 0, 0, 0, 0, 2 << 3 | 5};
  __builtin_memcpy(reply + 1, &sent, sizeof sent);
  __builtin_memcpy(reply + 6, &missed, sizeof missed);
  answer(call, reply, sizeof reply);
}

void open(std::int32_t call, std::int32_t method) {
  switch (method) {
    case at_once:
    case later:
      return open_unary(call, method == at_once);
    case subscribe:
      if (receive(call) < 0) return;
      abi::wasm_grpc_1_headers_send(call);
      return subscribers.insert(call);
    case publish:
      return open_publish(call);
    default:
      return;  // the messages of a chat come in events of their own
  }
}

/// Echoes what has come, until there is no more of it or no room for the answer.
void echo(std::int32_t call) {
  if (unsent.contains(call)) return;  // until WRITABLE
  for (;;) {
    const std::int32_t length = receive(call);
    if (length == abi::end) return finish(call);
    if (length < 0) return;
    if (abi::wasm_grpc_1_send(call, message, static_cast<std::uint32_t>(length)) == abi::again) {
      unsent[call].assign(message, message + length);
      return;
    }
  }
}

void go_on(std::int32_t call) {
  const auto found = unsent.find(call);
  if (found == unsent.end()) return;  // a subscriber that missed something has room again
  const auto length = static_cast<std::uint32_t>(found->second.size());
  if (abi::wasm_grpc_1_send(call, found->second.data(), length) == abi::again) return;
  unsent.erase(found);
  echo(call);
}

void forget(std::int32_t call) {
  subscribers.erase(call);
  unsent.erase(call);
  if (waiting.call == call) waiting.call = 0;
}

void declare(std::string_view path, std::int32_t kind, std::int32_t style, Method method) {
  abi::wasm_grpc_1_method(path.data(), static_cast<std::uint32_t>(path.size()), kind, style, method);
}

}  // namespace

extern "C" {

WASM_GRPC_EXPORT("wasm_grpc_start") void wasm_grpc_start() {
  declare("/bench.Events/Handled", abi::unary, abi::handler_style, handled);
  declare("/bench.Events/AtOnce", abi::unary, abi::event_style, at_once);
  declare("/bench.Events/Later", abi::unary, abi::event_style, later);
  declare("/bench.Events/Subscribe", abi::server_stream, abi::event_style, subscribe);
  declare("/bench.Events/Publish", abi::unary, abi::event_style, publish);
  declare("/bench.Events/Chat", abi::bidi_stream, abi::event_style, chat);
}

WASM_GRPC_EXPORT("wasm_grpc_call") std::int32_t wasm_grpc_call(std::int32_t call, std::int32_t /*method*/) {
  const std::int32_t length = receive(call);
  if (length >= 0) abi::wasm_grpc_1_send(call, message, static_cast<std::uint32_t>(length));
  return 0;
}

WASM_GRPC_EXPORT("wasm_grpc_event") void wasm_grpc_event(std::int32_t call, std::int32_t event, std::int32_t value) {
  switch (event) {
    case abi::event_open:
      return open(call, value);
    case abi::event_message:
    case abi::event_half_close:
      return echo(call);
    case abi::event_writable:
      return go_on(call);
    case abi::event_cancelled:
      return forget(call);
    default:
      return;
  }
}

}  // extern "C"
