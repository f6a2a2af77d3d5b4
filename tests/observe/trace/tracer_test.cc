#include "observe/trace/tracer.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "observe/trace/context.h"

namespace wasm_grpc::observe {
namespace {

constexpr std::string_view sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TraceOptions part(double sample, bool follow_clients = true) {
  TraceOptions options;
  options.sample = sample;
  options.follow_clients = follow_clients;
  return options;
}

struct TracerTest : testing::Test {
  TracerTest() {
    request.method = &method;
    request.client = client.get();
    request.authority = "example.com:443";
    request.number = 12;
  }

  /// Whether a call is sampled whose client says that; it is ended at once.
  bool samples(const TraceOptions& options, std::string_view traceparent = {}) {
    request.metadata.clear();
    if (!traceparent.empty()) request.metadata.add("traceparent", traceparent);
    Tracer tracer(Sampling(options), queue, [this] { ++woken; });
    tracer.begin(request);
    const bool is_sampled = request.span != nullptr;
    tracer.end(request, rpc::StatusCode::ok);
    EXPECT_EQ(request.span, nullptr);
    return is_sampled;
  }

  const rpc::Method method{"/a.B/C"};
  const std::shared_ptr<rpc::Client> client = std::make_shared<rpc::Client>(1, "127.0.0.1:4711");
  rpc::Request request;
  const std::shared_ptr<SpanQueue> queue = std::make_shared<SpanQueue>();
  int woken = 0;
};

TEST_F(TracerTest, FollowsWhatTheClientSaysAndElseThePart) {
  EXPECT_TRUE(samples(part(0), sampled));
  EXPECT_FALSE(samples(part(1), unsampled));
  EXPECT_TRUE(samples(part(1)));
  EXPECT_FALSE(samples(part(0)));
  EXPECT_TRUE(samples(part(1), "this is no traceparent"));
}

TEST_F(TracerTest, DoesNotFollowClientsWhereItIsNotTo) {
  EXPECT_FALSE(samples(part(0, false), sampled));
  EXPECT_TRUE(samples(part(1, false), unsampled));
  const auto spans = queue->take();
  ASSERT_EQ(spans.calls.size(), 1u);
  EXPECT_EQ(spans.calls[0]->context().trace_id, parse_traceparent(unsampled)->trace_id);
}

TEST_F(TracerTest, SamplesThePartThatIsSaid) {
  Tracer tracer(Sampling(part(0.25)), queue, [] {});
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    request.metadata.clear();
    tracer.begin(request);
    if (request.span != nullptr) ++count;
    request.span.reset();
  }
  EXPECT_GT(count, 2200);
  EXPECT_LT(count, 2800);
}

TEST_F(TracerTest, ASpanSaysWhatTheCallWasAndHowItEnded) {
  request.metadata.add("traceparent", sampled);
  request.metadata.add("tracestate", "a=1");
  Tracer tracer(Sampling({}), queue, [] {});
  tracer.begin(request);
  ASSERT_NE(request.span, nullptr);
  const auto seen = parse_traceparent(*request.metadata.get("traceparent"));
  EXPECT_EQ(seen, request.span->context());  // what its handler calls is inside of it
  request.span->happened(rpc::SpanEvent::start);
  request.span->happened(rpc::SpanEvent::trap, "unreachable");
  tracer.end(request, rpc::StatusCode::internal);
  const auto spans = queue->take();
  ASSERT_EQ(spans.calls.size(), 1u);
  const CallSpan& span = *spans.calls[0];
  EXPECT_EQ(span.context(), *seen);
  EXPECT_EQ(span.context().trace_id, parse_traceparent(sampled)->trace_id);
  EXPECT_EQ(span.parent_id(), parse_traceparent(sampled)->span_id);
  EXPECT_EQ(span.method, "/a.B/C");
  EXPECT_EQ(span.peer, "127.0.0.1:4711");
  EXPECT_EQ(span.authority, "example.com:443");
  EXPECT_EQ(span.tracestate, "a=1");
  EXPECT_EQ(span.number, 12u);
  EXPECT_EQ(span.status, rpc::StatusCode::internal);
  EXPECT_LE(span.began, span.ended);
  ASSERT_EQ(span.events().size(), 2u);
  EXPECT_EQ(span.events()[1].what, rpc::SpanEvent::trap);
  EXPECT_EQ(span.events()[1].detail, "unreachable");
}

TEST_F(TracerTest, ATraceThatBeginsHereHasANameOfItsOwn) {
  Tracer tracer(Sampling({}), queue, [] {});
  tracer.begin(request);
  const rpc::TraceContext first = request.span->context();
  request.metadata.clear();
  tracer.begin(request);
  EXPECT_NE(request.span->context().trace_id, first.trace_id);
  EXPECT_NE(request.span->context().span_id, first.span_id);
  EXPECT_TRUE(parse_traceparent(*request.metadata.get("traceparent")));
}

TEST_F(TracerTest, WhatDoesNotFitIsDroppedAndCountedAndTheExporterIsWokenBefore) {
  for (std::size_t i = 0; i < SpanQueue::most + 10; ++i) EXPECT_TRUE(samples({}));
  EXPECT_EQ(queue->dropped(), 10u);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(queue->take().size(), SpanQueue::most);
  EXPECT_EQ(queue->take().size(), 0u);
}

TEST_F(TracerTest, EventsAreBoundedAndMayComeFromAnotherThreadWhileItEnds) {
  Tracer tracer(Sampling({}), queue, [] {});
  tracer.begin(request);
  const std::shared_ptr<rpc::CallSpan> span = request.span;
  std::jthread elsewhere([&] {
    for (int i = 0; i < 1000; ++i) span->happened(rpc::SpanEvent::trap, std::string(5000, 'x'));
  });
  tracer.end(request, rpc::StatusCode::cancelled);
  const auto spans = queue->take();
  for (const auto& event : spans.calls[0]->events()) EXPECT_EQ(event.detail.size(), CallSpan::most_detail_bytes);
  elsewhere.join();
  EXPECT_EQ(spans.calls[0]->events().size(), CallSpan::most_events);
}

TEST_F(TracerTest, SpansInsideOfACallHaveTheirParentsAndEndWithIt) {
  Tracer tracer(Sampling({}), queue, [] {});
  tracer.begin(request);
  rpc::CallSpan& call = *request.span;
  const std::int32_t outer = call.begin_inner(0, "outer");
  const std::int32_t inner = call.begin_inner(outer, "inner");
  EXPECT_EQ(call.begin_inner(99, "of nobody"), 0);
  EXPECT_TRUE(call.note_inner(inner, "key", "value"));
  EXPECT_TRUE(call.end_inner(inner, true));
  EXPECT_FALSE(call.end_inner(inner, true));
  EXPECT_FALSE(call.note_inner(inner, "key", "value"));
  EXPECT_EQ(call.begin_inner(inner, "of one that has ended"), 0);
  EXPECT_FALSE(call.end_inner(-1, false));
  call.end_all_inner();
  const auto spans = queue->take();
  ASSERT_EQ(spans.inner.size(), 2u);
  EXPECT_EQ(spans.inner[0].name, "inner");
  EXPECT_EQ(spans.inner[0].parent_id, spans.inner[1].span_id);
  EXPECT_TRUE(spans.inner[0].failed);
  EXPECT_EQ(spans.inner[0].attributes.size(), 1u);
  EXPECT_EQ(spans.inner[1].name, "outer");
  EXPECT_EQ(spans.inner[1].parent_id, call.context().span_id);
  EXPECT_EQ(spans.inner[1].trace_id, call.context().trace_id);
}

TEST_F(TracerTest, NoTwoSpansHaveOneName) {
  Tracer tracer(Sampling({}), queue, [] {});
  std::set<std::array<std::uint8_t, 8>> names;
  constexpr std::size_t calls = 200;
  for (std::size_t i = 0; i < calls; ++i) {
    request.metadata.clear();
    tracer.begin(request);
    names.insert(request.span->context().span_id);
    static_cast<void>(request.span->begin_inner(0, "first"));
    static_cast<void>(request.span->begin_inner(0, "second"));
    request.span->end_all_inner();
    tracer.end(request, rpc::StatusCode::ok);
  }
  for (const InnerSpan& inner : queue->take().inner) names.insert(inner.span_id);
  EXPECT_EQ(names.size(), 3 * calls);
}

TEST_F(TracerTest, ACallHasABoundedNumberOfThem) {
  Tracer tracer(Sampling({}), queue, [] {});
  tracer.begin(request);
  std::size_t begun = 0;
  while (request.span->begin_inner(0, "one of many") != 0) ++begun;
  EXPECT_EQ(begun, CallSpan::most_inner);
  const std::int32_t one = 1;
  for (std::size_t i = 0; i < CallSpan::most_attributes; ++i) EXPECT_TRUE(request.span->note_inner(one, "k", "v"));
  EXPECT_FALSE(request.span->note_inner(one, "k", "v"));
}

}  // namespace
}  // namespace wasm_grpc::observe
