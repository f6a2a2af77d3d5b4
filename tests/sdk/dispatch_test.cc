// What the SDK makes of calls, with a fake host below it.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace wasm_grpc::guest {
namespace {

using testing::FakeCall;
using testing::FakeHost;

class Dispatch : public ::testing::Test {
 protected:
  /// Serves a call of the method declared last.
  std::int32_t serve(FakeCall call) {
    const std::int32_t id = ++calls_;
    host_.calls[id] = std::move(call);
    const std::int32_t code = registry_.dispatch(id, host_.methods.back().tag);
    served_ = std::move(host_.calls[id]);
    host_.calls.erase(id);
    return code;
  }
  std::int32_t serve(std::string request) {
    FakeCall call;
    call.requests = {std::move(request)};
    return serve(std::move(call));
  }
  [[nodiscard]] Service service() { return registry_.service("test.Service"); }

  using Strings = std::vector<std::string>;

  FakeHost host_;
  Registry registry_;
  FakeCall served_;

 private:
  std::int32_t calls_ = 0;
};

Reply echo(Context&, Bytes request) { return request; }

TEST_F(Dispatch, DeclaresMethodsInOrder) {
  registry_.service("a.B")
      .unary("One", echo)
      .client_stream("Two", [](Context&, Reader&) -> Reply { return ""; })
      .server_stream("Three", [](Context&, Bytes, Writer&) { return Status::ok(); });
  registry_.service("C").bidi_stream("Four", [](Context&, Reader&, Writer&) { return Status::ok(); });
  const char* paths[] = {"/a.B/One", "/a.B/Two", "/a.B/Three", "/C/Four"};
  ASSERT_EQ(host_.methods.size(), 4u);
  for (std::int32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(host_.methods[i].path, paths[i]);
    EXPECT_EQ(host_.methods[i].kind, i);
    EXPECT_EQ(host_.methods[i].style, 0);
    EXPECT_EQ(host_.methods[i].tag, i);
  }
}

TEST_F(Dispatch, AnswersUnknownTagsWithUnimplemented) {
  service().unary("Echo", echo);
  EXPECT_EQ(registry_.dispatch(1, 1), 12);
  EXPECT_EQ(registry_.dispatch(1, -1), 12);
}

TEST_F(Dispatch, EchoesMessagesOfAnySize) {
  service().unary("Echo", echo);
  for (const std::size_t size : {0u, 1u, 1023u, 1024u, 1025u, 5'000'000u, 3u}) {
    const std::string message(size, 'm');
    EXPECT_EQ(serve(message), 0);
    EXPECT_EQ(served_.sent, Strings{message});
    EXPECT_FALSE(served_.finished);
  }
}

TEST_F(Dispatch, ReceivesAndSendsOnceWhenTheBufferIsLargeEnough) {
  service().unary("Echo", echo);
  EXPECT_EQ(serve(std::string(900, 'm')), 0);
  EXPECT_EQ(served_.recv_calls, 2) << "the first message makes the buffer";
  EXPECT_EQ(serve(std::string(1000, 'm')), 0);
  EXPECT_EQ(served_.recv_calls, 1);
  EXPECT_EQ(served_.waits, 0);
}

TEST_F(Dispatch, TakesRepliesOfAllKinds) {
  auto test = service();
  test.unary("Literal", [](Context&, Bytes) -> Reply { return "literal"; });
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(served_.sent, Strings{"literal"});
  test.unary("Local", [](Context&, Bytes request) -> Reply {
    std::string local(1000, request.data()[0]);
    return local;
  });
  EXPECT_EQ(serve("x"), 0);
  EXPECT_EQ(served_.sent, Strings{std::string(1000, 'x')});
  test.unary("Scratch", [](Context& context, Bytes request) -> Reply {
    std::string& scratch = context.scratch();
    scratch.append("re: ").append(request.text());
    return Bytes(scratch);
  });
  EXPECT_EQ(serve("one"), 0);
  EXPECT_EQ(serve("two"), 0);
  EXPECT_EQ(served_.sent, Strings{"re: two"}) << "nothing is left of the call before";
  test.unary("Empty", [](Context&, Bytes) -> Reply { return Status::ok(); });
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(served_.sent, Strings{""});
}

TEST_F(Dispatch, SendsAMessageWithAStatusByFinish) {
  service().unary("Fail", [](Context&, Bytes) -> Reply { return Status::not_found("no such thing"); });
  EXPECT_EQ(serve(""), 5);
  EXPECT_TRUE(served_.sent.empty());
  ASSERT_TRUE(served_.finished);
  EXPECT_EQ(served_.finished->first, 5);
  EXPECT_EQ(served_.finished->second, "no such thing");
}

TEST_F(Dispatch, SendsTheDetailsOfAStatusAsATrailer) {
  const Status plain = Status::not_found("no such thing");
  service()
      .unary("Fail", [&](Context&, Bytes) -> Reply { return plain.with_details("details"); })
      .unary("Finish", [](Context& context, Bytes) -> Reply {
        EXPECT_TRUE(context.finish(Status::aborted().with_details("others")));
        return "";
      });
  const std::vector<std::pair<std::string, std::string>> expected = {{"grpc-status-details-bin", "details"}};
  host_.calls[1].requests = {""};
  EXPECT_EQ(registry_.dispatch(1, 0), 5);
  EXPECT_EQ(host_.calls[1].trailers, expected);
  host_.calls[2].requests = {""};
  (void)registry_.dispatch(2, 1);
  ASSERT_EQ(host_.calls[2].trailers.size(), 1U);
  EXPECT_EQ(host_.calls[2].trailers[0].second, "others");
  EXPECT_EQ(host_.calls[2].finished->first, 10);
}

TEST_F(Dispatch, AsksForCompression) {
  service().unary("Large", [](Context& context, Bytes) -> Reply {
    EXPECT_FALSE(context.message_encoding().has_value());
    return context.compress(true) ? "compressed" : "plain";
  });
  host_.calls[1].requests = {""};
  (void)registry_.dispatch(1, 0);
  EXPECT_EQ(host_.calls[1].sent.back(), "plain");
  host_.calls[2].requests = {""};
  host_.calls[2].accepts_compression = true;
  (void)registry_.dispatch(2, 0);
  EXPECT_EQ(host_.calls[2].sent.back(), "compressed");
  EXPECT_EQ(host_.calls[2].compress_calls, std::vector<std::int32_t>{1});
}

TEST_F(Dispatch, ReturnsAStatusWithoutAMessage) {
  service().unary("Fail", [](Context&, Bytes) -> Reply { return Status::unauthenticated(); });
  EXPECT_EQ(serve(""), 16);
  EXPECT_FALSE(served_.finished);
}

TEST_F(Dispatch, KeepsAStatusGivenEarly) {
  service().server_stream("Early", [](Context& context, Bytes, Writer& out) {
    EXPECT_TRUE(context.finish(Status::aborted("early")));
    EXPECT_FALSE(context.finish(Status::ok()));
    EXPECT_FALSE(out.write("late"));
    return Status::internal("late");
  });
  (void)serve("");
  ASSERT_TRUE(served_.finished);
  EXPECT_EQ(served_.finished->second, "early");
  EXPECT_TRUE(served_.sent.empty());
}

TEST_F(Dispatch, MakesCodesOutsideTheRangeUnknown) {
  EXPECT_EQ(Status(static_cast<StatusCode>(17)).code(), StatusCode::unknown);
  EXPECT_EQ(Status(static_cast<StatusCode>(16)).code(), StatusCode::unauthenticated);
}

TEST_F(Dispatch, KeepsTheStateOfAHandler) {
  service().unary("Count", [count = 0](Context&, Bytes) mutable -> Reply { return std::to_string(++count); });
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(served_.sent, Strings{"2"});
}

TEST_F(Dispatch, ReadsARequestStreamToItsEnd) {
  service().client_stream("Join", [](Context&, Reader& in) -> Reply {
    std::string joined;
    for (Bytes message : in) joined.append(message.text()).append(";");
    EXPECT_FALSE(in.cancelled());
    EXPECT_FALSE(in.read()) << "the end stays the end";
    return joined;
  });
  for (const int waits : {0, 1, 3}) {
    FakeCall call;
    call.requests = {"a", std::string(3000, 'b'), ""};
    call.waits_per_request = waits;
    EXPECT_EQ(serve(std::move(call)), 0);
    EXPECT_EQ(served_.sent, Strings{"a;" + std::string(3000, 'b') + ";;"});
    EXPECT_EQ(served_.waits, 3 * waits);
    EXPECT_EQ(served_.last_timeout, waits > 0 ? -1 : 0);
  }
}

TEST_F(Dispatch, TellsAReaderOfCancellation) {
  service().client_stream("Join", [](Context& context, Reader& in) -> Reply {
    int count = 0;
    for ([[maybe_unused]] Bytes message : in) ++count;
    EXPECT_EQ(count, 1);
    EXPECT_TRUE(in.cancelled());
    EXPECT_TRUE(context.cancelled());
    return Status::cancelled();
  });
  FakeCall call;
  call.requests = {"a"};
  call.cancelled = true;
  EXPECT_EQ(serve(std::move(call)), 1);
  EXPECT_TRUE(served_.sent.empty());
}

TEST_F(Dispatch, TellsAWaitingReaderOfCancellation) {
  service().client_stream("Join", [](Context&, Reader& in) -> Reply {
    EXPECT_FALSE(in.read());
    EXPECT_TRUE(in.cancelled());
    return Status::cancelled();
  });
  FakeCall call;
  call.requests = {"never seen"};
  call.waits_per_request = 1;
  call.cancelled_when_waiting = true;
  EXPECT_EQ(serve(std::move(call)), 1);
}

TEST_F(Dispatch, DoesNotCallAUnaryHandlerForACancelledCall) {
  service().unary("Echo", [](Context&, Bytes) -> Reply {
    ADD_FAILURE() << "the handler was called";
    return "";
  });
  FakeCall call;
  call.cancelled = true;
  EXPECT_EQ(serve(std::move(call)), 1);
  EXPECT_EQ(serve(FakeCall()), 3) << "nor for one without a request";
}

TEST_F(Dispatch, WritesAResponseStream) {
  service().server_stream("Repeat", [](Context&, Bytes request, Writer& out) {
    for (int i = 0; i < 3; ++i) {
      if (!out.write(request)) return Status::cancelled();
    }
    return Status::out_of_range("three are enough");
  });
  for (const int waits : {0, 1, 3}) {
    FakeCall call;
    call.requests = {"m"};
    call.waits_per_send = waits;
    EXPECT_EQ(serve(std::move(call)), 11);
    EXPECT_EQ(served_.sent, (Strings{"m", "m", "m"}));
    EXPECT_EQ(served_.waits, 3 * waits);
    EXPECT_EQ(served_.finished->second, "three are enough");
  }
}

TEST_F(Dispatch, StopsAWriterWhenTheCallIsCancelled) {
  service().server_stream("Repeat", [](Context&, Bytes, Writer& out) {
    EXPECT_FALSE(out.write("m"));
    return Status::cancelled();
  });
  FakeCall call;
  call.requests = {"m"};
  call.waits_per_send = 1;
  call.cancelled_when_waiting = true;
  EXPECT_EQ(serve(std::move(call)), 1);
}

TEST_F(Dispatch, ReadsAndWritesInTurns) {
  service().bidi_stream("Chat", [](Context&, Reader& in, Writer& out) {
    for (Bytes message : in) {
      if (!out.write(message)) return Status::cancelled();
      if (!out.write("ok")) return Status::cancelled();
    }
    return Status::ok();
  });
  FakeCall call;
  call.requests = {"a", "b"};
  call.waits_per_request = 1;
  call.waits_per_send = 1;
  EXPECT_EQ(serve(std::move(call)), 0);
  EXPECT_EQ(served_.sent, (Strings{"a", "ok", "b", "ok"}));
}

TEST_F(Dispatch, LooksWithoutWaiting) {
  service().bidi_stream("Look", [](Context&, Reader& in, Writer& out) {
    EXPECT_FALSE(in.ready());
    EXPECT_TRUE(out.ready());
    EXPECT_TRUE(in.read());
    return Status::ok();
  });
  FakeCall call;
  call.requests = {"a"};
  call.waits_per_request = 1;
  EXPECT_EQ(serve(std::move(call)), 0);
}

TEST_F(Dispatch, ReadsMetadata) {
  service().unary("Metadata", [](Context& context, Bytes) -> Reply {
    EXPECT_EQ(context.metadata("k"), "1");
    EXPECT_EQ(context.metadata("k", 1), "2");
    EXPECT_EQ(context.metadata("k", 2), std::nullopt);
    EXPECT_EQ(context.metadata("empty"), "");
    EXPECT_TRUE(context.metadata("long-bin") == std::string(5000, '\xFF'));
    std::string all;
    for (const auto& [key, value] : context.metadata()) {
      all.append(key).append("=").append(std::to_string(value.size())).append(" ");
    }
    return all;
  });
  FakeCall call;
  call.requests = {""};
  call.metadata = {{"k", "1"}, {"empty", ""}, {"long-bin", std::string(5000, '\xFF')}, {"k", "2"}};
  EXPECT_EQ(serve(std::move(call)), 0);
  EXPECT_EQ(served_.sent, Strings{"k=1 empty=0 long-bin=5000 k=1 "});
  service().unary("None", [](Context& context, Bytes) -> Reply {
    EXPECT_TRUE(context.metadata().empty());
    for ([[maybe_unused]] const auto& entry : context.metadata()) return "some";
    return "none";
  });
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(served_.sent, Strings{"none"});
}

TEST_F(Dispatch, AddsHeadersUntilTheyLeaveAndTrailersToTheEnd) {
  service().server_stream("Headers", [](Context& context, Bytes, Writer& out) {
    EXPECT_TRUE(context.add_header("a", "1"));
    EXPECT_TRUE(context.send_headers());
    EXPECT_FALSE(context.add_header("b", "2"));
    EXPECT_TRUE(out.write("m"));
    EXPECT_TRUE(context.add_trailer("c-bin", Bytes("\0\1", 2)));
    return Status::ok();
  });
  EXPECT_EQ(serve(""), 0);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(served_.headers, (Pairs{{"a", "1"}}));
  EXPECT_EQ(served_.trailers, (Pairs{{"c-bin", std::string("\0\1", 2)}}));
}

TEST_F(Dispatch, TellsOfTheCall) {
  service().unary("Info", [](Context& context, Bytes) -> Reply {
    EXPECT_EQ(context.path(), "/test.Service/Info");
    EXPECT_EQ(context.authority(), std::string(300, 'a'));
    EXPECT_EQ(context.peer(), "127.0.0.1:1");
    EXPECT_EQ(context.tls_peer(), std::nullopt);
    EXPECT_TRUE(context.tls_names().empty());
    EXPECT_FALSE(context.has_tls_name(TlsNameKind::dns, ""));
    EXPECT_EQ(context.time_left(), std::chrono::nanoseconds(1500));
    EXPECT_FALSE(context.cancelled());
    EXPECT_TRUE(context.sleep_for(std::chrono::microseconds(2)));
    return "";
  });
  FakeCall call;
  call.requests = {""};
  call.info = {{0, "/test.Service/Info"}, {1, std::string(300, 'a')}, {2, "127.0.0.1:1"}};
  call.deadline = 1500;
  EXPECT_EQ(serve(std::move(call)), 0);
  EXPECT_EQ(served_.last_timeout, 2000);
}

TEST_F(Dispatch, LeavesMessagesOfAnyFormatToHandlersOfBytes) {
  service().unary("Info", [](Context& context, Bytes request) -> Reply {
    EXPECT_EQ(request, "{}");
    return context.content_subtype().value_or("protobuf");
  });
  FakeCall call;
  call.requests = {"{}"};
  EXPECT_EQ(serve("{}"), 0);
  EXPECT_EQ(served_.sent, Strings{"protobuf"});
  call.info = {{8, "json"}};
  EXPECT_EQ(serve(std::move(call)), 0);
  EXPECT_EQ(served_.sent, Strings{"json"});
}

TEST_F(Dispatch, TellsClientsByTheKindsOfTheirNames) {
  service().unary("Info", [](Context& context, Bytes) -> Reply {
    using Names = std::vector<TlsName>;
    EXPECT_EQ(context.tls_names(), (Names{{TlsNameKind::uri, "spiffe://a/b"},
                                          {TlsNameKind::common_name, "admin"},
                                          {TlsNameKind::email, "a@b.test"},
                                          {TlsNameKind::ip, "2001:db8::7"},
                                          {TlsNameKind::unknown, "of a later host"}}));
    EXPECT_EQ(context.tls_peer(), (TlsName{TlsNameKind::uri, "spiffe://a/b"}));
    EXPECT_TRUE(context.has_tls_name(TlsNameKind::common_name, "admin"));
    EXPECT_FALSE(context.has_tls_name(TlsNameKind::dns, "admin"));
    return "";
  });
  FakeCall call;
  call.requests = {""};
  call.info = {{7, "uri:spiffe://a/b\ncn:admin\nemail:a@b.test\nip:2001:db8::7\nserial:of a later host"}};
  EXPECT_EQ(serve(std::move(call)), 0);
}

TEST_F(Dispatch, DoesNotTakeANameForADnsNameWhereTheHostDoesNotTellTheKind) {
  service().unary("Info", [](Context& context, Bytes) -> Reply {
    EXPECT_EQ(context.tls_peer(), (TlsName{TlsNameKind::unknown, "admin"}));
    EXPECT_FALSE(context.has_tls_name(TlsNameKind::dns, "admin"));
    return "";
  });
  FakeCall call;
  call.requests = {""};
  call.info = {{3, "admin"}};
  EXPECT_EQ(serve(std::move(call)), 0);
}

TEST_F(Dispatch, TellsOfDeadlines) {
  service().unary("Deadline", [](Context& context, Bytes) -> Reply {
    const auto left = context.time_left();
    return left ? std::to_string(left->count()) : "none";
  });
  EXPECT_EQ(serve(""), 0);
  EXPECT_EQ(served_.sent, Strings{"none"});
  FakeCall late;
  late.requests = {""};
  late.deadline = 0;
  EXPECT_EQ(serve(std::move(late)), 0);
  EXPECT_EQ(served_.sent, Strings{"0"});
}

TEST_F(Dispatch, GivesTheHostDescriptorsAndLogLines) {
  EXPECT_TRUE(registry_.descriptors("set"));
  EXPECT_FALSE(registry_.descriptors(std::string((4 << 20) + 1, 'x')));
  EXPECT_EQ(host_.descriptors, Strings{"set"});
  log(LogLevel::warn, "careful");
  ASSERT_EQ(host_.log.size(), 1u);
  EXPECT_EQ(host_.log[0], (std::pair<std::int32_t, std::string>{3, "careful"}));
}

TEST_F(Dispatch, LogsLinesAboutACallWithFields) {
  service().unary("Sell", [](Context& context, Bytes) -> Reply {
    context.log(LogLevel::warn, "sold", {{"item", "green tea"}, {"left", "0"}});
    context.log(LogLevel::info, "plain");
    return "";
  });
  serve("");
  EXPECT_EQ(host_.call_log, (Strings{"1 3 sold item=green tea left=0", "1 2 plain"}));
  EXPECT_TRUE(host_.log.empty());
}

TEST_F(Dispatch, LogsThePlainLineWhereTheHostIsOlderOrRefusesTheFields) {
  service().unary("Sell", [](Context& context, Bytes) -> Reply {
    context.log(LogLevel::warn, "sold", {{"item", "tea"}});
    return "";
  });
  host_.max_fields = 0;
  serve("");
  host_.is_old = true;
  serve("");
  EXPECT_TRUE(host_.call_log.empty());
  const std::pair<std::int32_t, std::string> line{3, "sold"};
  EXPECT_EQ(host_.log, (std::vector{line, line}));
}

TEST_F(Dispatch, TellsOfLimitsAndOfWhyACallEnded) {
  std::vector<Limits> limits;
  std::vector<std::optional<std::string>> reasons;
  service().unary("Ask", [&](Context& context, Bytes) -> Reply {
    limits.push_back(context.limits());
    reasons.push_back(context.end_reason());
    return "";
  });
  FakeCall call;
  call.requests = {""};
  call.info[abi::max_request] = std::string("\0\1\0\0\0\0\0\0", 8);
  call.info[abi::max_cpu_time] = std::string("\0\0\0\0\1\0\0\0", 8);
  call.info[abi::end_reason] = "deadline";
  serve(call);
  serve("");
  EXPECT_EQ(limits[0].request_bytes, 256U);
  EXPECT_EQ(limits[0].cpu_time, std::chrono::nanoseconds(std::int64_t{1} << 32));
  EXPECT_FALSE(limits[0].memory_bytes);
  EXPECT_EQ(reasons[0], "deadline");
  EXPECT_FALSE(limits[1].request_bytes);
  EXPECT_FALSE(reasons[1]);
}

}  // namespace
}  // namespace wasm_grpc::guest
