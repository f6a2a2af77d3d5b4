// Methods, and what serves them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_grpc::rpc {

class Call;
struct MethodMeter;

/// How many messages go each way; or that it is plain HTTP: the path is a prefix, and the pieces of the bodies take the
/// place of messages, any number each way. The numbers are those of ABI 1.
enum class MethodKind : std::uint8_t { unary = 0, client_stream = 1, server_stream = 2, bidi_stream = 3, http = 4 };

/// "unary", "client streaming", "server streaming", "bidirectional streaming" or "HTTP".
[[nodiscard]] std::string_view name(MethodKind kind) noexcept;

[[nodiscard]] constexpr bool streams_requests(MethodKind kind) noexcept {
  return kind == MethodKind::client_stream || kind == MethodKind::bidi_stream || kind == MethodKind::http;
}
[[nodiscard]] constexpr bool streams_responses(MethodKind kind) noexcept {
  return kind == MethodKind::server_stream || kind == MethodKind::bidi_stream || kind == MethodKind::http;
}

/// The two halves of a path "/package.Service/Method"; nothing when it is not of that form.
struct MethodPath {
  std::string_view service;
  std::string_view method;
};
[[nodiscard]] std::optional<MethodPath> parse_method_path(std::string_view path) noexcept;

/// True for what a method of kind http may serve: "/", or segments such as "/files/new" without a last slash, of
/// printable ASCII but '?' and '#'.
[[nodiscard]] bool is_http_prefix(std::string_view path) noexcept;

/// Serves calls. One handler belongs to one worker and is used on its thread only.
class Handler {
 public:
  virtual ~Handler() = default;
  /// A call begins. For methods that do not stream requests, the one request message is complete and half-closed
  /// before this; for the others, messages may still be on their way. The handler must either give the call a status
  /// before it returns, or call Call::set_listener() and Call::retain() and go on later. Must not throw.
  virtual void start(Call& call) noexcept = 0;
};

/// What the messages of a method may be, by what the client's content-type says (Request::content_subtype).
enum class MessageFormats : std::uint8_t {
  protobuf,  // others are answered UNIMPLEMENTED
  any,       // the handler looks for itself
};

/// One entry of a method table.
struct Method {
  std::string path;
  MethodKind kind = MethodKind::unary;
  Handler* handler = nullptr;  // not owned; outlives the calls
  MessageFormats formats = MessageFormats::protobuf;
  MethodMeter* meter = nullptr;  // what counts its calls; not owned, outlives them; nullptr: nothing
  /// How long a call may take, 0 for ever; nothing: as long as the transport lets others.
  std::optional<std::chrono::milliseconds> max_call_time = std::nullopt;
  /// Calls that have it, from their headers to when their transport and their handler have let go of them. Counted by
  /// the calls, on the thread of the table.
  mutable std::uint32_t calls = 0;
};

}  // namespace wasm_grpc::rpc
