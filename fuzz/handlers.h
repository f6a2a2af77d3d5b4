// Native handlers of all four kinds, for the fuzzing of connections.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "require.h"
#include "rpc/method_table.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::fuzz {

/// Serves a method of any kind: what arrives goes back. Server streaming repeats the request as often as its first byte
/// says, client streaming answers with the last message. One that is told to keep calls never answers.
class EchoHandler final : public rpc::Handler, public rpc::CallListener {
 public:
  explicit EchoHandler(bool keeps_calls = false) : keeps_calls_(keeps_calls) {}

  void start(rpc::Call& call) noexcept override {
    call.retain();
    call.set_listener(this);
    calls_[&call] = {};
    step(call);
  }
  void on_readable(rpc::Call& call) noexcept override { step(call); }
  void on_writable(rpc::Call& call) noexcept override { step(call); }
  void on_cancelled(rpc::Call& call) noexcept override {
    require(calls_.contains(&call), "only calls that are held are cancelled, and once");
    forget(call);
  }

  [[nodiscard]] bool idle() const { return calls_.empty(); }

 private:
  struct State {
    std::vector<std::byte> last;
    int repeats = 0;  // responses still to be sent
  };

  void step(rpc::Call& call) {
    if (keeps_calls_) return;
    State& state = calls_[&call];
    const bool streams_responses = rpc::streams_responses(call.method().kind);
    for (;;) {
      for (; state.repeats > 0; --state.repeats) {
        if (call.send(state.last) != rpc::SendResult::ok) return;  // on_writable() or on_cancelled() follows
      }
      const auto message = call.message();
      if (!message) break;
      state.last.assign(message->begin(), message->end());
      call.pop_message();
      if (call.method().kind == rpc::MethodKind::server_stream) {
        state.repeats = state.last.empty() ? 0 : std::to_integer<int>(state.last[0]);
      } else if (streams_responses) {
        state.repeats = 1;
      }
    }
    if (!call.requests_ended() || call.cancelled()) return;
    for (const auto [key, value] : call.request_metadata()) {
      (void)call.add_header(key, value);
      (void)call.add_trailer(key, value);
    }
    if (!streams_responses) (void)call.send(state.last);
    call.finish({});
    forget(call);
  }

  void forget(rpc::Call& call) {
    calls_.erase(&call);
    call.set_listener(nullptr);
    call.release();
  }

  bool keeps_calls_;
  std::map<rpc::Call*, State> calls_;
};

/// The methods, at "/f.F/" and a letter: U, C, S, B by their kind, N for one that is never answered.
class Service {
 public:
  explicit Service(rpc::MethodTable& methods) {
    using enum rpc::MethodKind;
    add(methods, "/f.F/U", unary, echo_);
    add(methods, "/f.F/C", client_stream, echo_);
    add(methods, "/f.F/S", server_stream, echo_);
    add(methods, "/f.F/B", bidi_stream, echo_);
    add(methods, "/f.F/N", bidi_stream, keep_);
  }
  [[nodiscard]] bool idle() const { return echo_.idle() && keep_.idle(); }

 private:
  static void add(rpc::MethodTable& methods, const char* path, rpc::MethodKind kind, rpc::Handler& handler) {
    require(methods.add({path, kind, &handler}).ok(), "the method is added");
  }
  EchoHandler echo_;
  EchoHandler keep_{true};
};

}  // namespace wasm_grpc::fuzz
