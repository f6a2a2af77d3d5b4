#include "observe/trace/tracer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "observe/trace/context.h"

namespace wasm_grpc::observe {

namespace {

std::uint64_t low_half(const rpc::TraceContext& context) noexcept {
  std::uint64_t number = 0;  // big-endian
  for (std::size_t i = 8; i < context.trace_id.size(); ++i) number = number << 8 | context.trace_id[i];
  return number;
}

void set_low_half(rpc::TraceContext& context, std::uint64_t number) noexcept {
  for (std::size_t i = context.trace_id.size(); i-- > 8; number >>= 8) {
    context.trace_id[i] = static_cast<std::uint8_t>(number);
  }
}

}  // namespace

Sampling::Sampling(const TraceOptions& options) : all_(options.sample >= 1), follows_clients_(options.follow_clients) {
  if (options.sample > 0 && !all_) bound_ = static_cast<std::uint64_t>(std::ldexp(options.sample, 63));
}

void Tracer::begin(rpc::Request& request) noexcept {
  if (sampling_.follows_clients() && says_unsampled(request.metadata)) return;
  try {
    const auto parent = request.metadata.empty() ? std::nullopt : read_context(request.metadata);
    if (parent) {
      const bool sampled = sampling_.follows_clients() ? parent->sampled() : sampling_.by_ratio(low_half(*parent));
      if (sampled) {
        rpc::TraceContext context = *parent;
        context.flags = rpc::TraceContext::sampled_flag;
        begin_sampled(request, context, parent->span_id);
      }
      return;
    }
    const std::uint64_t random = ids_.next();
    if (!sampling_.by_ratio(random)) return;
    rpc::TraceContext context;
    const std::uint64_t high_half = ids_.next() | 1;  // never all zero
    std::memcpy(context.trace_id.data(), &high_half, sizeof(high_half));
    set_low_half(context, random);
    context.flags = rpc::TraceContext::sampled_flag;
    begin_sampled(request, context, {});
  } catch (...) {  // no memory: the call is served without
  }
}

void Tracer::begin_sampled(rpc::Request& request, const rpc::TraceContext& context,
                           const std::array<std::uint8_t, 8>& parent_id) {
  rpc::TraceContext own = context;
  own.span_id = ids_.next_span_id();
  auto span = std::make_shared<CallSpan>(own, parent_id, queue_, ids_.next());
  span->method = request.method->path;
  span->kind = request.method->kind;
  if (span->kind == rpc::MethodKind::http) span->http_method = request.http_method;
  span->authority = request.authority;
  if (parent_id != std::array<std::uint8_t, 8>{}) span->tracestate = read_tracestate(request.metadata);
  if (request.client != nullptr) span->peer = request.client->peer;
  span->number = request.number;
  span->began = WallClock::now();
  write_context(own, request.metadata);
  request.span = std::move(span);
}

void Tracer::end(rpc::Request& request, rpc::StatusCode status) noexcept {
  if (request.span == nullptr) return;
  auto span = std::static_pointer_cast<CallSpan>(std::move(request.span));
  request.span.reset();
  span->status = status;
  span->ended = std::max(WallClock::now(), span->began);
  if (queue_->add(std::move(span))) wake_();
}

}  // namespace wasm_grpc::observe
