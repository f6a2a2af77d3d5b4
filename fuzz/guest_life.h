// Takes a guest whose program is the input through its start and its calls, with a client that does what the input
// says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "abi/test_call.h"
#include "require.h"
#include "runtime/instances/guest_module.h"
#include "script.h"
#include "wasm/engine.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::fuzz {

/// Checks what guests write into the log, and keeps nothing.
inline void check_line(LogLevel, std::string_view, std::string_view text) {
  require(wasm::is_printable(text), "a line of the log is printable");
  require(text.size() <= 4 * (std::size_t{8} << 10), "a line of the log is cut");
}

inline wasm::Engine make_engine() {
  wasm::EngineOptions options;
  options.max_instances = 2;
  auto engine = wasm::Engine::create(options);
  require(engine.ok(), "there is an engine");
  return std::move(engine).value();
}

class GuestLife {
 public:
  /// `expected` is what its start must declare; null for whatever it declares.
  GuestLife(const runtime::GuestModule& module, const abi::Declaration* expected, Input& input)
      : input_(input), guest_(module, expected) {}
  ~GuestLife() { guest_.instance.drop(); }
  GuestLife(const GuestLife&) = delete;
  GuestLife& operator=(const GuestLife&) = delete;

  [[nodiscard]] runtime::GuestInstance& guest() { return guest_; }

  /// Runs its start; false when that fails or was broken off.
  [[nodiscard]] bool start() {
    while (true) {
      auto step = guest_.binding->begin_next_start_step();
      if (!step.ok()) {
        require(wasm::is_printable(step.error().message), "why a start fails is printable");
        return false;
      }
      if (!step.value()) return true;
      if (!poll(nullptr)) return false;
    }
  }

  /// Runs a call, of which the client has sent `first` where it is given, to its end; false when the guest has failed
  /// or was dropped.
  [[nodiscard]] bool serve(abi::TestCall& call, rpc::MethodKind kind, std::int32_t tag,
                           std::optional<std::string_view> first = std::nullopt) {
    kind_ = kind;
    sent_ = false;
    half_closed_ = false;
    if (first) send(call, *first);
    abi::CallStep step = guest_.binding->begin_call(call, tag);
    while (step != abi::CallStep::over) {
      if (step == abi::CallStep::fiber) {
        if (!poll(&call)) return false;
      } else if (input_.empty()) {
        call.client_cancels();
      } else {
        happen(call);
      }
      step = guest_.binding->continue_call();
    }
    require(call.finished() || call.cancelled(), "a call that is over has its status");
    require(call.headers().byte_size() + call.trailers().byte_size() <= rpc::max_response_metadata,
            "response metadata is bounded");
    if (kind != rpc::MethodKind::http) (void)call.messages();
    return true;
  }

 private:
  [[nodiscard]] bool may_send_many() const { return kind_ == rpc::MethodKind::http || rpc::streams_requests(kind_); }

  /// Runs the fiber to its end; false when the guest has failed or was dropped.
  bool poll(abi::TestCall* call) {
    for (int idle = 0; idle < 4;) {
      const wasm::Progress progress = guest_.instance.poll();
      if (progress == wasm::Progress::done) return true;
      if (progress == wasm::Progress::failed) {
        const wasm::Failure& failure = guest_.instance.failure();
        require(!failure.message.empty() && wasm::is_printable(failure.message), "a failure says why, in one line");
        return false;
      }
      if (input_.empty() && progress == wasm::Progress::suspended) {
        ++idle;
        if (call != nullptr) call->client_cancels();
      } else if (call != nullptr) {
        happen(*call);
      } else if (input_.byte() % 8 == 0) {
        break;
      }
    }
    guest_.instance.drop();
    return false;
  }

  /// The client sends a message, or a piece of a body, where it may.
  void send(abi::TestCall& call, std::string_view bytes) {
    if (half_closed_ || call.cancelled() || (sent_ && !may_send_many())) return;
    sent_ = true;
    kind_ == rpc::MethodKind::http ? call.client_sends_body(bytes) : call.client_sends(bytes);
  }

  /// The client does something.
  void happen(abi::TestCall& call) {
    const std::uint8_t what = input_.byte();
    switch (what % 8) {
      case 0:
      case 1:
        send(call, input_.take(what >> 3));
        break;
      case 2:
        if (!half_closed_ && !call.cancelled() && (sent_ || may_send_many())) {
          half_closed_ = true;
          call.client_ends();
        }
        break;
      case 3:
        call.client_reads_everything();
        break;
      case 4:
        call.client_cancels();
        break;
      case 5:
        if (!call.finished() && !call.cancelled()) call.deadline_passes();
        break;
      default:
        break;
    }
  }

  Input& input_;
  runtime::GuestInstance guest_;
  rpc::MethodKind kind_ = rpc::MethodKind::bidi_stream;
  bool sent_ = false;
  bool half_closed_ = false;
};

}  // namespace wasm_grpc::fuzz
