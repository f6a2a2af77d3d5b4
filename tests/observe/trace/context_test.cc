#include "observe/trace/context.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace wasm_grpc::observe {
namespace {

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string_view view(const auto& chars) { return {chars.data(), chars.size()}; }

TEST(TraceContextTest, ReadsAndWritesATraceparent) {
  const auto context = parse_traceparent(example);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->trace_id[0], 0x4b);
  EXPECT_EQ(context->span_id[7], 0xb7);
  EXPECT_EQ(view(traceparent(*context)), example);
  EXPECT_EQ(view(hex(context->trace_id)), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(TraceContextTest, KnowsOneFlagAndPassesNoOtherOn) {
  const auto unsampled = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe");
  ASSERT_TRUE(unsampled);
  EXPECT_FALSE(unsampled->sampled());
  EXPECT_EQ(unsampled->flags, 0);
}

TEST(TraceContextTest, ALaterVersionMaySayMore) {
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-else"));
  EXPECT_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-else"));
}

TEST(TraceContextTest, WhatIsNoTraceparentIsNone) {
  for (const std::string_view text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
           "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
  for (std::size_t at = 0; at < example.size(); ++at) {
    std::string other(example);
    other[at] = '\x80';
    EXPECT_FALSE(parse_traceparent(other)) << at;
  }
}

TEST(TraceContextTest, ReadsAndWritesTheBinaryForm) {
  const auto context = parse_traceparent(example);
  const TraceBin bytes = trace_bin(*context);
  EXPECT_EQ(parse_trace_bin(view(bytes)), context);
  EXPECT_FALSE(parse_trace_bin(view(bytes).substr(0, 28)));
  EXPECT_FALSE(parse_trace_bin(std::string(view(bytes)) + '\0'));
  for (const std::size_t at : {0u, 1u, 18u, 27u}) {
    TraceBin other = bytes;
    other[at] = 7;
    EXPECT_FALSE(parse_trace_bin(view(other))) << at;
  }
  TraceBin no_trace = bytes;
  std::fill_n(no_trace.begin() + 2, 16, '\0');
  EXPECT_FALSE(parse_trace_bin(view(no_trace)));
}

TEST(TraceContextTest, ATracestateIsPassedOnWhenAllOfItIsSound) {
  const std::string long_value(256, 'x');
  for (const std::string& text :
       {std::string(), std::string("a=1"), std::string("rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE"),
        std::string("a=1,,b=2"), std::string("1tenant@vendor=a b"), "a=" + long_value}) {
    EXPECT_TRUE(is_sound_tracestate(text)) << text;
  }
  std::string many = "a0=1";
  for (int i = 1; i < 33; ++i) many += ",a" + std::to_string(i) + "=1";
  for (const std::string& text : {std::string("a"), std::string("=1"), std::string("a="), std::string("A=1"),
                                  std::string("a=1=2"), std::string("a=\x01"), std::string("a=\xc3\xbc"),
                                  "a=" + long_value + "x", many, "a=" + long_value + ",b=" + long_value}) {
    EXPECT_FALSE(is_sound_tracestate(text)) << text;
  }
}

TEST(TraceContextTest, ACallSaysItsTraceOnceInEitherForm) {
  rpc::Metadata metadata;
  EXPECT_FALSE(read_context(metadata));
  metadata.add("traceparent", example);
  metadata.add("other", "value");
  EXPECT_EQ(read_context(metadata), parse_traceparent(example));
  metadata.add("traceparent", example);
  EXPECT_FALSE(read_context(metadata));

  rpc::Metadata binary;
  binary.add("grpc-trace-bin", view(trace_bin(*parse_traceparent(example))));
  EXPECT_EQ(read_context(binary), parse_traceparent(example));
  binary.add("traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00");
  EXPECT_FALSE(read_context(binary)->sampled());  // what is standard counts
}

TEST(TraceContextTest, ACallMaySayThatItIsNotSampled) {
  rpc::Metadata metadata;
  EXPECT_FALSE(says_unsampled(metadata));
  metadata.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_TRUE(says_unsampled(metadata));
  metadata.set("traceparent", example);
  EXPECT_FALSE(says_unsampled(metadata));
  metadata.set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-00");
  EXPECT_FALSE(says_unsampled(metadata));
  metadata.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_FALSE(says_unsampled(metadata));  // said twice is not said
}

TEST(TraceContextTest, AHandlerSeesTheSpanOfTheServer) {
  rpc::TraceContext own = *parse_traceparent(example);
  own.span_id.fill(0x11);
  const std::string expected = "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01";
  rpc::Metadata metadata;
  write_context(own, metadata);
  EXPECT_EQ(metadata.get("traceparent"), expected);

  metadata.clear();
  metadata.add("a", "1");
  metadata.add("traceparent", example);
  metadata.add("b", "2");
  write_context(own, metadata);
  EXPECT_EQ(metadata.size(), 3u);
  EXPECT_EQ(metadata[1].value, expected);
  EXPECT_EQ(metadata[2].value, "2");

  metadata.add("traceparent", "longer than it may be");
  metadata.add("grpc-trace-bin", "short");
  write_context(own, metadata);
  EXPECT_EQ(metadata.size(), 4u);
  EXPECT_EQ(metadata.get("traceparent"), expected);
  EXPECT_EQ(parse_trace_bin(*metadata.get("grpc-trace-bin")), own);
}

TEST(TraceContextTest, StatesOfSeveralFieldsAreOne) {
  rpc::Metadata metadata;
  metadata.add("tracestate", "a=1");
  metadata.add("tracestate", "b=2");
  EXPECT_EQ(read_tracestate(metadata), "a=1,b=2");
  metadata.add("tracestate", "b");
  EXPECT_EQ(read_tracestate(metadata), "");
}

}  // namespace
}  // namespace wasm_grpc::observe
