// Traces of the SDK, over the fake host.
#include "wasm_grpc/guest/trace.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "fake_host.h"

namespace wasm_grpc::guest::testing {
namespace {

class TraceTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::optional<std::string> id_with(const std::string& key, const std::string& value) {
    host.calls[7].metadata = {{key, value}};
    return context.trace_id();
  }

  FakeHost host;
  detail::Instance instance;
  const Context context{7, instance};
};

TEST_F(TraceTest, ACallNamesItsTrace) {
  EXPECT_EQ(id_with("other", ""), std::nullopt);
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(id_with("traceparent", "00-" + id + "-00f067aa0ba902b7-01"), id);
  EXPECT_EQ(id_with("traceparent", "cc-" + id + "-00f067aa0ba902b7-01-more"), id);
  EXPECT_EQ(id_with("traceparent", "00-" + id), std::nullopt);
  EXPECT_EQ(id_with("traceparent", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01"), std::nullopt);
  EXPECT_EQ(id_with("traceparent", "00-" + std::string(32, 'G') + "-00f067aa0ba902b7-01"), std::nullopt);
  std::string binary(29, '\0');
  binary[2] = 0x12;
  binary[17] = '\xef';
  EXPECT_EQ(id_with("grpc-trace-bin", binary), "12" + std::string(28, '0') + "ef");
  EXPECT_EQ(id_with("grpc-trace-bin", std::string(29, '\0')), std::nullopt);
  EXPECT_EQ(id_with("grpc-trace-bin", "short"), std::nullopt);
}

TEST_F(TraceTest, SpansEndWhereTheyGoOutOfScope) {
  {
    Span outer(context, "outer");
    ASSERT_TRUE(outer.recorded());
    outer.set("key", "value");
    {
      const Span inner(outer, "inner");
    }
    outer.fail();
  }
  EXPECT_EQ(host.trace.done, (std::vector<std::string>{"begin outer of 7 in 0", "set 1 key=value",
                                                       "begin inner of 7 in 1", "end 2", "end 1 failed"}));
}

TEST_F(TraceTest, ASpanEndsOnce) {
  Span span(context, "span");
  span.end();
  EXPECT_FALSE(span.recorded());
  span.set("key", "value");
  span.end();
  EXPECT_EQ(host.trace.done, (std::vector<std::string>{"begin span of 7 in 0", "end 1"}));
}

TEST_F(TraceTest, OfACallThatIsNotSampledNothingIsSaid) {
  host.trace.sampled = false;
  Span outer(context, "outer");
  EXPECT_FALSE(outer.recorded());
  outer.set("key", "value");
  const Span inner(outer, "inner");
  EXPECT_FALSE(inner.recorded());
  EXPECT_TRUE(host.trace.done.empty());
}

}  // namespace
}  // namespace wasm_grpc::guest::testing
