// What a handler knows of its call, and may say besides messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/instance.h"
#include "wasm_grpc/guest/log.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/response_metadata.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/tls_name.h"
#include "wasm_grpc/guest/trace_id.h"
#include "wasm_grpc/guest/wait.h"

namespace wasm_grpc::guest {

class Context;

namespace detail {

/// The instance that serves the call.
[[nodiscard]] Instance& instance_of(const Context& context) noexcept;

/// Reads a value whose length the host tells: `read(ptr, cap)` answers it, and writes when it is at most `cap`.
template <typename Read>
[[nodiscard]] std::optional<std::string> read_string(Read read) {
  char first[256];
  std::int32_t length = read(first, static_cast<std::uint32_t>(sizeof first));
  if (length < 0) return std::nullopt;
  if (static_cast<std::uint32_t>(length) <= sizeof first) return std::string(first, static_cast<std::size_t>(length));
  std::string value(static_cast<std::size_t>(length), '\0');
  length = read(value.data(), static_cast<std::uint32_t>(value.size()));
  if (length < 0 || static_cast<std::size_t>(length) > value.size()) return std::nullopt;
  value.resize(static_cast<std::size_t>(length));
  return value;
}

}  // namespace detail

/// What a call may use, as far as it is limited.
struct Limits {
  std::optional<std::uint64_t> request_bytes;   // of one message
  std::optional<std::uint64_t> response_bytes;  // of one message
  std::optional<std::uint64_t> metadata_bytes;  // of the response's headers and trailers
  std::optional<std::uint64_t> memory_bytes;    // of the instance
  std::optional<std::chrono::nanoseconds> cpu_time;
};

/// One call, while its handler runs. Not to be kept beyond that.
class Context {
 public:
  Context(std::int32_t call, detail::Instance& instance) : call_(call), instance_(&instance) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // ---- The request ----

  /// The value of the index-th (from 0) request header named `key` (lower-case), or nothing. Raw bytes for `-bin` keys.
  [[nodiscard]] std::optional<std::string> metadata(std::string_view key, std::uint32_t index = 0) const {
    return detail::read_string([&](void* value, std::uint32_t cap) {
      return abi::wasm_grpc_1_metadata_get(call_, key.data(), static_cast<std::uint32_t>(key.size()),
                                           static_cast<std::int32_t>(index), value, cap);
    });
  }
  /// All of them: `for (const auto& [key, value] : context.metadata())`.
  [[nodiscard]] Metadata metadata() const { return Metadata(call_); }

  /// "/package.Service/Method".
  [[nodiscard]] std::string path() const { return info(abi::path).value_or(std::string()); }
  /// Of an HTTP request, its method, such as "GET"; nothing else. Its path() is the target: the path with its query.
  [[nodiscard]] std::optional<std::string> http_method() const { return info(abi::http_method); }
  /// The host name the client asked for.
  [[nodiscard]] std::string authority() const { return info(abi::authority).value_or(std::string()); }
  /// The client's address, such as "127.0.0.1:4711" or "[::1]:4711".
  [[nodiscard]] std::string peer() const { return info(abi::peer).value_or(std::string()); }
  /// The names in the client's verified TLS certificate, sorted by kind in the order of TlsNameKind; none without one.
  [[nodiscard]] std::vector<TlsName> tls_names() const {
    if (const auto names = info(abi::tls_names)) return detail::parse_tls_names(*names);
    auto peer = info(abi::tls_peer);  // of a host that does not tell the kinds
    return peer ? std::vector<TlsName>{{TlsNameKind::unknown, std::move(*peer)}} : std::vector<TlsName>();
  }
  /// Whether the client's certificate has this name, of this kind: whoever may have a common name signed may not have
  /// that DNS name.
  [[nodiscard]] bool has_tls_name(TlsNameKind kind, std::string_view value) const {
    for (const TlsName& known : tls_names()) {
      if (known.kind == kind && known.value == value) return true;
    }
    return false;
  }
  /// The first of them: a DNS name where there is one, else a URI, else the common name.
  [[nodiscard]] std::optional<TlsName> tls_peer() const {
    auto names = tls_names();
    return names.empty() ? std::nullopt : std::optional(std::move(names.front()));
  }

  /// The trace that the call is of: 32 hexadecimal digits, by which the host's log and its spans name it too. Nothing
  /// where the client says none and the host does not trace the call (docs/traces.md).
  [[nodiscard]] std::optional<std::string> trace_id() const {
    if (const auto text = metadata("traceparent")) return detail::trace_id_of_traceparent(*text);
    const auto bytes = metadata("grpc-trace-bin");
    return bytes ? detail::trace_id_of_binary(*bytes) : std::nullopt;
  }

  /// The format of the messages where the client does not speak protobuf: "json" of the content-type
  /// application/grpc+json. Generated services refuse such calls; handlers of bytes get them.
  [[nodiscard]] std::optional<std::string> content_subtype() const { return info(abi::content_subtype); }

  /// Who the client is by the bearer token that it has shown and the host has verified: the claim `sub`. Nothing where
  /// there is no such token, or it names nobody. No client can say it otherwise: do not read headers for it.
  [[nodiscard]] std::optional<std::string> token_subject() const { return info(abi::token_subject); }
  /// All that the token says: a JSON object, as its issuer has signed it.
  [[nodiscard]] std::optional<std::string> token_claims() const { return info(abi::token_claims); }

  /// How the message that was received last came over the wire: "identity", "gzip" or "deflate". It is decompressed by
  /// the host. Nothing before the first message.
  [[nodiscard]] std::optional<std::string> message_encoding() const { return info(abi::message_encoding); }

  /// The limits in force; none where the host is too old to tell.
  [[nodiscard]] Limits limits() const {
    const auto cpu_time = limit(abi::max_cpu_time);
    return {limit(abi::max_request), limit(abi::max_response), limit(abi::max_metadata), limit(abi::max_memory),
            cpu_time ? std::optional(std::chrono::nanoseconds(static_cast<std::int64_t>(*cpu_time))) : std::nullopt};
  }

  /// Writes a line about this call into the host's log, with its method, its client's address and the fields:
  ///   context.log(LogLevel::info, "sold", {{"item", "tea"}, {"left", std::to_string(left)}});
  /// 32 fields and 8 KiB of them at most. A host that is too old, or refuses a field, logs the line without.
  void log(LogLevel level, std::string_view line, std::span<const LogField> fields) const {
    if (!detail::log_call(call_, level, line, fields)) guest::log(level, line);
  }
  void log(LogLevel level, std::string_view line, std::initializer_list<LogField> fields = {}) const {
    log(level, line, std::span(fields.begin(), fields.size()));
  }

  // ---- Its end ----

  /// What is left until the call's deadline, 0 when that has passed; nothing when the client set none.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> time_left() const {
    const std::int64_t left = abi::wasm_grpc_1_deadline(call_);
    if (left == abi::no_deadline) return std::nullopt;
    return std::chrono::nanoseconds(left < 0 ? 0 : left);
  }
  /// True once nothing can reach the client any more: it cancelled, went away, or the deadline has passed. Clean up and
  /// return soon: the host drops a guest that goes on.
  [[nodiscard]] bool cancelled() const { return abi::wasm_grpc_1_wait(call_, 0, 0) < 0; }
  /// Why it is: "client", "deadline", "connection", "stopping", "host", or "answered" (docs/abi.md); nothing before.
  [[nodiscard]] std::optional<std::string> end_reason() const { return info(abi::end_reason); }
  /// Sleeps, without holding up other calls: `context.sleep_for(10ms)`, in a coroutine `co_await
  /// context.sleep_for(10ms)`. False when the call was cancelled before the time was over; who does not look is told by
  /// the next read or write.
  SleepFor sleep_for(std::chrono::nanoseconds time) const noexcept { return SleepFor(call_, time); }
  /// Sleeps until the call is cancelled. Not in a coroutine, which ends where it waits.
  void wait_cancelled() const { (void)abi::wasm_grpc_1_wait(call_, 0, -1); }

  // ---- The response ----

  /// Adds a response header, which is to happen before the first message. False, and nothing is added, when they have
  /// left, when the key is not of lower-case letters, digits, '_', '-', '.', or is gRPC's own, when a value is not
  /// printable ASCII (any bytes do for `-bin` keys), or past 16 KiB in all; the log says so, for those who do not look.
  bool add_header(std::string_view key, Bytes value) const {
    return detail::add_metadata(call_, abi::headers, key, value.text());
  }
  /// Adds a trailer, sent with the status. False as above.
  bool add_trailer(std::string_view key, Bytes value) const {
    return detail::add_metadata(call_, abi::trailers, key, value.text());
  }
  /// Sends the response headers now rather than with the first message. False when nobody will see them.
  bool send_headers() const { return abi::wasm_grpc_1_headers_send(call_) == abi::ok; }
  /// Whether the response messages from here on are compressed; they are not at first. It pays for large messages of
  /// text and the like. Turn it on before the first message, even if only later ones are to be compressed: the headers
  /// announce it. False when it could not be done: the client accepts no compression, or the headers have left without;
  /// messages are then sent as they are.
  bool compress(bool on) const { return abi::wasm_grpc_1_compress(call_, on ? 1 : 0) == (on ? 1 : 0); }
  /// Gives the status now, for a handler that goes on to do something after the client has its answer; what the handler
  /// returns is then ignored. False when a status was already given, or nobody will see it.
  bool finish(const Status& status) const {
    detail::add_details(call_, status);
    return abi::wasm_grpc_1_finish(call_, static_cast<std::int32_t>(status.code()), status.message().data(),
                                   static_cast<std::uint32_t>(status.message().size())) == abi::ok;
  }

  /// An empty string to build a response in. Its storage is used again from call to call; what it holds lives until the
  /// next scratch(), in this call or a later one.
  [[nodiscard]] std::string& scratch() const {
    instance_->scratch.clear();
    return instance_->scratch;
  }

  /// Memory to encode() a response in. It is used again from call to call; what it holds lives until the next use, in
  /// this call or a later one.
  [[nodiscard]] Buffer& response_buffer() const { return instance_->response; }

  /// The host's number of the call, for use with the functions of abi.h.
  [[nodiscard]] std::int32_t id() const noexcept { return call_; }

 private:
  friend detail::Instance& detail::instance_of(const Context& context) noexcept;

  [[nodiscard]] std::optional<std::string> info(std::int32_t what) const {
    return detail::read_string(
        [&](void* value, std::uint32_t cap) { return abi::wasm_grpc_1_info(call_, what, value, cap); });
  }
  [[nodiscard]] std::optional<std::uint64_t> limit(std::int32_t what) const {
    unsigned char bytes[8];
    if (abi::wasm_grpc_1_info(call_, what, bytes, sizeof bytes) != sizeof bytes) return std::nullopt;
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
  }

  std::int32_t call_;
  detail::Instance* instance_;
};

inline detail::Instance& detail::instance_of(const Context& context) noexcept { return *context.instance_; }

}  // namespace wasm_grpc::guest
