// The two directions of a call that is served by coroutines.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/async_call.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/request_check.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/task.h"
#include "wasm_grpc/guest/wait.h"

namespace wasm_grpc::guest {

namespace detail {

enum class Received : std::uint8_t { message, nothing_yet, end, malformed, against_rules };

/// Takes the next message of a call into `buffer`; `bytes` are those of it, as long as the buffer is not used again.
[[nodiscard]] inline Received receive(std::int32_t call, Buffer& buffer, Bytes& bytes) {
  for (;;) {
    const std::int32_t length = abi::wasm_grpc_1_recv(call, buffer.data(), buffer.capacity());
    // When it is cancelled, its coroutine is about to be destroyed: let it wait for that.
    if (length == abi::again || length == abi::cancelled) return Received::nothing_yet;
    if (length < 0) return Received::end;
    const auto size = static_cast<std::uint32_t>(length);
    if (size <= buffer.capacity()) {
      bytes = Bytes(buffer.data(), size);
      return Received::message;
    }
    buffer.reserve(size);
  }
}

/// The last message of a stream: a struct.
template <typename Message>
class Incoming {
 public:
  using Given = Message*;

  [[nodiscard]] Received take(const AsyncCall& call) {
    Bytes bytes;
    const Received received = receive(call.id(), call.loop().instance().request, bytes);
    if (received != Received::message) return received;
    if (!decode(bytes, message_)) return Received::malformed;
    return broken_rules_of(message_) ? Received::against_rules : received;
  }
  /// What a call ends with whose message was malformed, or against rules.
  [[nodiscard]] Status refusal(Received received) const {
    auto broken = received == Received::against_rules ? broken_rules_of(message_) : std::nullopt;
    return broken ? *std::move(broken) : malformed_request(Message::full_name);
  }
  [[nodiscard]] Given get() noexcept { return &message_; }

 private:
  Message message_{};
};

/// Or bytes, which the stream has in memory of its own: the buffer of the instance is used by other calls meanwhile. Of
/// many streams most wait, and those have no large one.
template <>
class Incoming<Bytes> {
 public:
  using Given = std::optional<Bytes>;

  [[nodiscard]] Received take(const AsyncCall& call) {
    Bytes bytes;
    const Received received = receive(call.id(), call.loop().instance().request, bytes);
    if (received == Received::message) {
      message_.assign(bytes.data(), bytes.size());
    } else if (message_.capacity() > kept_bytes) {
      std::string().swap(message_);
    }
    return received;
  }
  [[nodiscard]] Given get() const noexcept { return Bytes(message_); }
  [[nodiscard]] static Status refusal(Received) { return Status(); }  // bytes never are

 private:
  static constexpr std::size_t kept_bytes = 1024;

  std::string message_;
};

enum class Sent : std::uint8_t { yes, not_yet, never };

[[nodiscard]] inline Sent send(std::int32_t call, Bytes message) {
  const std::int32_t result = abi::wasm_grpc_1_send(call, message.data(), static_cast<std::uint32_t>(message.size()));
  // When it is cancelled, its coroutine is about to be destroyed: let it wait for that.
  if (result == abi::again || result == abi::cancelled) return Sent::not_yet;
  return result == abi::ok ? Sent::yes : Sent::never;
}

/// Whether reading, or writing, need not wait. Nothing is waited for after the status; when the call is cancelled, its
/// coroutine is about to be destroyed: let it wait for that.
[[nodiscard]] inline bool is_ready(const AsyncCall& call, std::int32_t interest) {
  const std::int32_t result = abi::wasm_grpc_1_wait(call.id(), interest, 0);
  return result != 0 && result != abi::cancelled;
}

/// A stream that can be read without waiting.
class Readable : public Awaitable<Readable> {
 public:
  explicit Readable(AsyncCall& call) noexcept : call_(&call) {}
  [[nodiscard]] bool ready() const noexcept { return is_ready(*call_, abi::readable); }
  [[nodiscard]] WaitList& list() const noexcept { return call_->readable(); }

 private:
  AsyncCall* call_;
};

/// A stream that can be written to without waiting.
class Writable : public Awaitable<Writable> {
 public:
  explicit Writable(AsyncCall& call) noexcept : call_(&call) {}
  [[nodiscard]] bool ready() const noexcept { return is_ready(*call_, abi::writable); }
  [[nodiscard]] WaitList& list() const noexcept { return call_->writable(); }

 private:
  AsyncCall* call_;
};

/// Waits until `Operation::step()` is true, which is tried at once, and each time that something is heard of in `list`,
/// which is that of `call`. When that is over meanwhile, the operation stays as it is.
template <typename Operation>
class Retrying : private Waiting {
 public:
  Retrying(LoopCall& call, WaitList& list, Operation operation)
      : loop_(&call.loop()), list_(&list), call_(call.id()), operation_(std::move(operation)) {
    place_.set(*this, 0);
  }

  [[nodiscard]] bool await_ready() { return operation_.step(); }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept {
    begin(*loop_, coroutine);
    list_->add(place_);
  }
  auto await_resume() { return operation_.result(); }

 private:
  void leave() noexcept override { place_.unlink(); }
  void woken(std::size_t) noexcept override {}
  [[nodiscard]] bool attempt() noexcept override {
    if (loop_->find(call_) == nullptr || operation_.step()) return true;
    list_->add(place_);
    return false;
  }

  AsyncLoop* loop_;
  WaitList* list_;
  std::int32_t call_;
  Operation operation_;
  WaitPlace place_;
};

}  // namespace detail

/// The request messages of a call: structs, or Bytes.
///
///   while (const Note* note = co_await in.read()) ...
///
/// It is part of its call, and not to be used after that.
template <typename Message>
class InStream {
 public:
  explicit InStream(detail::AsyncCall& call) noexcept : in_call_(&call) {}
  InStream(const InStream&) = delete;
  InStream& operator=(const InStream&) = delete;

  /// `co_await in.read()` gives the next message: a `Message*`, or an `std::optional<Bytes>`. Null after the last one,
  /// and when what came is malformed: the call then ends with INTERNAL, whatever the coroutine returns; or, where rules
  /// are enforced (docs/guest-protobuf.md), against them: INVALID_ARGUMENT. The message
  /// lives until the next read, and may be moved from. When the call is cancelled, its coroutine ends where it waits.
  [[nodiscard]] auto read() noexcept { return detail::Retrying<Read>(*in_call_, in_call_->readable(), Read{this}); }
  /// For select(): a message has come, or the end.
  [[nodiscard]] detail::Readable readable() const noexcept { return detail::Readable(*in_call_); }
  /// After read() gave null: whether that was because of a malformed message, or one against rules.
  [[nodiscard]] bool malformed() const noexcept {
    return received_ == detail::Received::malformed || received_ == detail::Received::against_rules;
  }
  /// What the call ends with then.
  [[nodiscard]] Status refusal() const { return incoming_.refusal(received_); }

 private:
  using Given = typename detail::Incoming<Message>::Given;
  struct Read {
    [[nodiscard]] bool step() {
      if (stream->malformed()) return true;
      stream->received_ = stream->incoming_.take(*stream->in_call_);
      if (stream->received_ == detail::Received::message) given = stream->incoming_.get();
      return stream->received_ != detail::Received::nothing_yet;
    }
    [[nodiscard]] Given result() const noexcept { return given; }
    InStream* stream;
    Given given{};
  };

  detail::AsyncCall* in_call_;
  detail::Incoming<Message> incoming_;
  detail::Received received_ = detail::Received::nothing_yet;
};

/// A message that is encoded once, for writing it to many streams.
template <typename Message>
class Encoded {
 public:
  explicit Encoded(const Message& message) : bytes_(encode(message)) {}
  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

/// The response messages of a call: structs, or Bytes.
///
/// It is part of its call, and not to be used after that; by coroutines of other calls too, while its own waits.
template <typename Message>
class OutStream {
 public:
  explicit OutStream(detail::AsyncCall& call) noexcept : out_call_(&call) {}
  OutStream(const OutStream&) = delete;
  OutStream& operator=(const OutStream&) = delete;

  /// `co_await out.write(message)` sends one message, and waits while the client does not read fast enough. The message
  /// must live until then, as a temporary does. True; false when it can never be delivered, because the call has its
  /// status, or is over (another call's stream). When the call is cancelled, its coroutine ends where it waits.
  [[nodiscard]] auto write(const Message& message) noexcept { return waiting(Plain{&message}); }
  [[nodiscard]] auto write(const Encoded<Message>& message) noexcept { return waiting(Ready{message.bytes()}); }
  /// Sends one after the other: `co_return co_await out.write_all(entries);`. They must stay as they are until then:
  /// other calls go on meanwhile. `cancelled` when they can never be delivered.
  template <typename Messages>
  [[nodiscard]] Task<Status> write_all(const Messages& messages) {
    for (const Message& message : messages) {
      if (!co_await write(message)) co_return Status::cancelled();
    }
    co_return Status::ok();
  }
  /// Sends one message if that takes no waiting. False when it was not sent: the client does not read fast enough, or
  /// the call is over.
  [[nodiscard]] bool try_write(const Message& message) { return Plain{&message}.send(*out_call_) == detail::Sent::yes; }
  [[nodiscard]] bool try_write(const Encoded<Message>& message) {
    return Ready{message.bytes()}.send(*out_call_) == detail::Sent::yes;
  }
  /// For select(): the client reads fast enough.
  [[nodiscard]] detail::Writable writable() const noexcept { return detail::Writable(*out_call_); }

 private:
  struct Plain {
    [[nodiscard]] detail::Sent send(const detail::AsyncCall& call) const {
      if constexpr (std::is_same_v<Message, Bytes>) {
        return detail::send(call.id(), *message);
      } else {
        return detail::send(call.id(), encode(*message, call.loop().instance().response));
      }
    }
    const Message* message;
  };
  struct Ready {
    [[nodiscard]] detail::Sent send(const detail::AsyncCall& call) const { return detail::send(call.id(), bytes); }
    Bytes bytes;
  };
  template <typename What>
  struct Write {
    [[nodiscard]] bool step() {
      sent = what.send(*to);
      return sent != detail::Sent::not_yet;
    }
    [[nodiscard]] bool result() const noexcept { return sent == detail::Sent::yes; }
    const detail::AsyncCall* to;
    What what;
    detail::Sent sent = detail::Sent::not_yet;
  };
  template <typename What>
  [[nodiscard]] auto waiting(What what) const noexcept {
    return detail::Retrying<Write<What>>(*out_call_, out_call_->writable(), Write<What>{out_call_, what});
  }

  detail::AsyncCall* out_call_;
};

/// Both directions of a bidirectional call: as one, or apart, `auto& [in, out] = stream;`.
template <typename In, typename Out>
class Stream : public InStream<In>, public OutStream<Out> {
 public:
  explicit Stream(detail::AsyncCall& call) noexcept : InStream<In>(call), OutStream<Out>(call) {}

  /// For structured bindings.
  template <std::size_t index>
  [[nodiscard]] std::tuple_element_t<index, Stream>& get() noexcept {
    return *this;
  }
};

}  // namespace wasm_grpc::guest

template <typename In, typename Out>
struct std::tuple_size<wasm_grpc::guest::Stream<In, Out>> : std::integral_constant<std::size_t, 2> {};
template <typename In, typename Out>
struct std::tuple_element<0, wasm_grpc::guest::Stream<In, Out>> {
  using type = wasm_grpc::guest::InStream<In>;
};
template <typename In, typename Out>
struct std::tuple_element<1, wasm_grpc::guest::Stream<In, Out>> {
  using type = wasm_grpc::guest::OutStream<Out>;
};
