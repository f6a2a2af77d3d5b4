#include "observe/otlp/spans.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::string_view version = WASM_GRPC_VERSION;
constexpr std::size_t batch_spans = 512;  // as other exporters do; collectors take 4 MiB by default
constexpr std::string_view schema_url = "https://opentelemetry.io/schemas/1.44.0";

// Numbers of fields and values, by message.
namespace request {
constexpr std::uint32_t resource_spans = 1;
}
namespace resource_spans {
constexpr std::uint32_t resource = 1, scope_spans = 2, schema = 3;
}
namespace scope_spans {
constexpr std::uint32_t scope = 1, spans = 2;
}
namespace span {
constexpr std::uint32_t trace_id = 1, span_id = 2, trace_state = 3, parent_span_id = 4, name = 5, kind = 6, start = 7,
                        end = 8, attributes = 9, events = 11, status = 15, flags = 16;
constexpr std::uint64_t internal = 1, server = 2;
constexpr std::uint32_t has_is_remote = 0x100, is_remote = 0x200;
}  // namespace span
namespace event {
constexpr std::uint32_t time = 1, name = 2, attributes = 3;
}
namespace status {
constexpr std::uint32_t code = 3;
constexpr std::uint64_t error = 2;
}  // namespace status

template <std::size_t size>
std::string_view view(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::uint64_t nanoseconds(WallClock::time_point time) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

std::string_view name(rpc::SpanEvent event) {
  switch (event) {
    case rpc::SpanEvent::wait:
      return "wait";
    case rpc::SpanEvent::start:
      return "start";
    case rpc::SpanEvent::trap:
      return "trap";
  }
  return {};
}

/// Whose fault it is that the call did not go well: of these codes the server's, for its span.
bool is_server_error(rpc::StatusCode code) {
  switch (code) {
    case rpc::StatusCode::unknown:
    case rpc::StatusCode::deadline_exceeded:
    case rpc::StatusCode::unimplemented:
    case rpc::StatusCode::internal:
    case rpc::StatusCode::unavailable:
    case rpc::StatusCode::data_loss:
      return true;
    default:
      return false;
  }
}

/// "host:port", "[host]:port" or "host", as attributes. Nothing of an empty one or a unix socket.
void write_address(Message& to, std::string_view address, std::string_view host_key, std::string_view port_key) {
  if (address.empty() || address.starts_with("unix:")) return;
  std::optional<std::int64_t> port;
  const auto colon = address.rfind(':');
  const bool has_port = colon != std::string_view::npos && address.find(']', colon) == std::string_view::npos &&
                        (address.front() == '[' || address.find(':') == colon);
  if (has_port) {
    const std::string_view digits = address.substr(colon + 1);
    std::int64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec == std::errc() && read.ptr == digits.data() + digits.size()) port = number;
    address = address.substr(0, colon);
  }
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  to.attribute(span::attributes, host_key, address);
  if (port) to.attribute(span::attributes, port_key, *port);
}

void write_identity(Message& to, std::string_view trace_id, std::string_view span_id, std::string_view parent_id) {
  to.bytes(span::trace_id, trace_id);
  to.bytes(span::span_id, span_id);
  to.bytes(span::parent_span_id, parent_id);
}

void write_call(Message& to, const CallSpan& call) {
  const bool has_parent = call.parent_id() != std::array<std::uint8_t, 8>{};
  write_identity(to, view(call.context().trace_id), view(call.context().span_id),
                 has_parent ? view(call.parent_id()) : std::string_view());
  if (!call.tracestate.empty()) to.text(span::trace_state, call.tracestate);
  to.number(span::kind, span::server);
  to.fixed64(span::start, nanoseconds(call.began));
  to.fixed64(span::end, nanoseconds(call.ended));
  to.fixed32(span::flags, rpc::TraceContext::sampled_flag | span::has_is_remote | (has_parent ? span::is_remote : 0));
  const bool failed = is_server_error(call.status);
  if (call.kind == rpc::MethodKind::http) {
    to.text(span::name, call.http_method + " " + call.method);
    to.attribute(span::attributes, "http.request.method", call.http_method);
    to.attribute(span::attributes, "http.route", call.method);
  } else {
    const std::string_view method = std::string_view(call.method).substr(1);
    to.text(span::name, method);
    to.attribute(span::attributes, "rpc.system.name", "grpc");
    to.attribute(span::attributes, "rpc.method", method);
    to.attribute(span::attributes, "rpc.response.status_code", rpc::name(call.status));
  }
  if (failed) {
    to.attribute(span::attributes, "error.type", rpc::name(call.status));
    to.message(span::status, [&] { to.number(status::code, status::error); });
  }
  write_address(to, call.authority, "server.address", "server.port");
  write_address(to, call.peer, "client.address", "client.port");
  to.attribute(span::attributes, "wasm_grpc.call_id", static_cast<std::int64_t>(call.number));
  for (const CallSpan::Event& happened : call.events()) {
    to.message(span::events, [&] {
      to.fixed64(event::time, nanoseconds(happened.time));
      to.text(event::name, name(happened.what));
      if (!happened.detail.empty()) to.attribute(event::attributes, "exception.message", happened.detail);
    });
  }
}

void write_inner(Message& to, const InnerSpan& inner) {
  write_identity(to, view(inner.trace_id), view(inner.span_id), view(inner.parent_id));
  to.text(span::name, inner.name);
  to.number(span::kind, span::internal);
  to.fixed64(span::start, nanoseconds(inner.began));
  to.fixed64(span::end, nanoseconds(inner.ended));
  to.fixed32(span::flags, rpc::TraceContext::sampled_flag | span::has_is_remote);
  for (const auto& [key, value] : inner.attributes) to.attribute(span::attributes, key, value);
  if (inner.failed) to.message(span::status, [&] { to.number(status::code, status::error); });
}

class SpanSource final : public Source {
 public:
  SpanSource(std::vector<std::shared_ptr<SpanQueue>> queues, const std::string& service_name)
      : resource_(Resource::of_process(service_name, std::string(version))), queues_(std::move(queues)) {}

  [[nodiscard]] Signal signal() const noexcept override {
    constexpr std::chrono::milliseconds interval{1000};
    return {.name = "traces", .items = "spans", .path = trace_export_path, .interval = interval};
  }

  void take(const Send& send) override {
    for (const auto& queue : queues_) {
      const SpanQueue::Spans spans = queue->take();
      const std::span calls(spans.calls);
      const std::span inner(spans.inner);
      for (std::size_t at = 0; at < std::max(calls.size(), inner.size()); at += batch_spans / 2) {
        const auto some_calls = part(calls, at);
        const auto some_inner = part(inner, at);
        const auto request = trace_request(resource_, version, some_calls, some_inner);
        send({reinterpret_cast<const char*>(request.data()), request.size()}, some_calls.size() + some_inner.size());
      }
    }
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept override {
    std::uint64_t all = 0;
    for (const auto& queue : queues_) all += queue->dropped();
    return all;
  }

 private:
  template <typename Span>
  static Span part(Span all, std::size_t at) {
    const std::size_t begin = std::min(at, all.size());
    return all.subspan(begin, std::min(batch_spans / 2, all.size() - begin));
  }

  const Resource resource_;
  const std::vector<std::shared_ptr<SpanQueue>> queues_;
};

}  // namespace

std::vector<std::byte> trace_request(const Resource& resource, std::string_view sdk_version,
                                     std::span<const std::shared_ptr<const CallSpan>> calls,
                                     std::span<const InnerSpan> inner) {
  std::vector<std::byte> bytes;
  Message to(bytes);
  to.message(request::resource_spans, [&] {
    to.message(resource_spans::resource, [&] { resource.write(to); });
    to.message(resource_spans::scope_spans, [&] {
      to.message(scope_spans::scope, [&] {
        to.text(1, "wasm-grpc");
        to.text(2, sdk_version);
      });
      for (const auto& call : calls) to.message(scope_spans::spans, [&] { write_call(to, *call); });
      for (const InnerSpan& made : inner) to.message(scope_spans::spans, [&] { write_inner(to, made); });
    });
    to.text(resource_spans::schema, schema_url);
  });
  to.finish();
  return bytes;
}

std::unique_ptr<Source> source_of_spans(std::vector<std::shared_ptr<SpanQueue>> queues,
                                        const std::string& service_name) {
  return std::make_unique<SpanSource>(std::move(queues), service_name);
}

}  // namespace wasm_grpc::observe::otlp
