#include "wasm_grpc/rpc/call.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rpc/buffer_pool.h"

namespace wasm_grpc::rpc {
namespace {

constexpr std::size_t limit = 1000;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string frame(std::string_view message, char flags = 0) {
  const auto size = message.size();
  std::string out = {flags, static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                     static_cast<char>(size)};
  return out.append(message);
}

std::string text_of(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// A call whose transport is the test.
class TestCall final : public Call {
 public:
  explicit TestCall(MethodKind kind) : own_method_{"/test.Test/Call", kind, nullptr} {
    request_.method = &own_method_;
    retain();
  }

  using Call::cancel;
  using Call::fail;
  using Call::missing_input;
  using Call::notify_readable;
  using Call::receive_end;
  using Call::reset;
  using Call::set_buffer_pool;

  Status receive_text(std::string_view text, std::size_t most = limit) { return receive(bytes(text), most); }
  std::optional<std::string> next() {
    const auto data = message();
    if (!data) return std::nullopt;
    std::string out = text_of(*data);
    pop_message();
    return out;
  }
  std::string sent() { return text_of(pending_output()); }
  void drain(std::size_t size) {
    output_sent_ += size;
    output_drained();
  }
  const Status& status() const { return response_.status; }
  const Metadata& headers() const { return response_.headers; }
  const Metadata& trailers() const { return response_.trailers; }
  bool headers_wanted() const { return response_.headers_wanted; }
  void use(const Method& method) { request_.method = &method; }

  int ready = 0;
  std::size_t consumed = 0;
  int recycled = 0;

 private:
  void output_ready() noexcept override { ++ready; }
  void input_consumed(std::size_t size) noexcept override { consumed += size; }
  void recycle() noexcept override { ++recycled; }

  Method own_method_;
};

struct Listener final : CallListener {
  int readable = 0;
  int writable = 0;
  int cancelled = 0;
  void on_readable(Call&) noexcept override { ++readable; }
  void on_writable(Call&) noexcept override { ++writable; }
  void on_cancelled(Call&) noexcept override { ++cancelled; }
};

TEST(CallRequest, MessagesComeWholeHoweverTheBytesAreSplit) {
  const std::string stream = frame("first") + frame("") + frame(std::string(300, 'x')) + frame("last");
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); b += 7) {
      TestCall call(MethodKind::bidi_stream);
      const std::string_view view = stream;
      ASSERT_TRUE(call.receive_text(view.substr(0, a)).ok());
      ASSERT_TRUE(call.receive_text(view.substr(a, b - a)).ok());
      ASSERT_TRUE(call.receive_text(view.substr(b)).ok());
      ASSERT_TRUE(call.receive_end().ok());
      ASSERT_EQ(call.next(), "first");
      ASSERT_EQ(call.next(), "");
      ASSERT_EQ(call.next(), std::string(300, 'x'));
      ASSERT_FALSE(call.requests_ended());
      ASSERT_EQ(call.next(), "last");
      ASSERT_EQ(call.next(), std::nullopt);
      ASSERT_TRUE(call.requests_ended());
      ASSERT_EQ(call.consumed, stream.size());
    }
  }
}

TEST(CallRequest, MessagesMayBeTakenWhileMoreArriveByteByByte) {
  TestCall call(MethodKind::client_stream);
  std::string stream;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 200; ++i) {
    expected.emplace_back(i, static_cast<char>('a' + i % 26));
    stream += frame(expected.back());
  }
  std::vector<std::string> seen;
  std::size_t count = 0;
  for (const char c : stream) {
    ASSERT_TRUE(call.receive_text({&c, 1}).ok());
    // Not always at once, so that taken and untaken messages mix in the buffer.
    if (++count % 17 == 0) {
      if (auto message = call.next()) seen.push_back(*message);
    }
  }
  while (auto message = call.next()) seen.push_back(*message);
  EXPECT_EQ(seen, expected);
}

TEST(CallRequest, TellsHowMuchOfALargeMessageIsMissing) {
  TestCall call(MethodKind::unary);
  EXPECT_EQ(call.missing_input(), 0u);
  const std::string stream = frame(std::string(900, 'm'));
  ASSERT_TRUE(call.receive_text(stream.substr(0, 4)).ok());
  EXPECT_EQ(call.missing_input(), 0u);
  ASSERT_TRUE(call.receive_text(stream.substr(4, 1)).ok());
  EXPECT_EQ(call.missing_input(), 900u);
  ASSERT_TRUE(call.receive_text(stream.substr(5, 100)).ok());
  EXPECT_EQ(call.missing_input(), 800u);
  ASSERT_TRUE(call.receive_text(stream.substr(105)).ok());
  EXPECT_EQ(call.missing_input(), 0u);
  EXPECT_EQ(call.next(), std::string(900, 'm'));
}

TEST(CallRequest, AMessageOverTheLimitIsRefusedByItsPrefix) {
  TestCall call(MethodKind::unary);
  EXPECT_TRUE(call.receive_text(frame(std::string(limit, 'x'))).ok());
  TestCall other(MethodKind::unary);
  const Status status = other.receive_text(frame(std::string(limit + 1, 'x')).substr(0, 5));
  EXPECT_EQ(status.code, StatusCode::resource_exhausted);
  EXPECT_NE(status.message.find("1001"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("1000"), std::string::npos) << status.message;
  EXPECT_FALSE(other.message().has_value());
}

TEST(CallRequest, ALengthOfFourGigabytesIsRefusedToo) {
  TestCall call(MethodKind::unary);
  EXPECT_EQ(call.receive_text(std::string_view("\0\xff\xff\xff\xff", 5)).code, StatusCode::resource_exhausted);
}

TEST(CallRequest, CompressionWithoutAnEncodingAndUnknownFlagsAreInternalErrors) {
  TestCall compressed(MethodKind::unary);
  EXPECT_EQ(compressed.receive_text(frame("x", 1)).code, StatusCode::internal);
  TestCall unknown(MethodKind::unary);
  EXPECT_EQ(unknown.receive_text(frame("x", 2)).code, StatusCode::internal);
}

TEST(CallRequest, AnEndInsideAMessageIsAnInternalError) {
  const std::string stream = frame("abc");
  for (std::size_t size = 1; size < stream.size(); ++size) {
    TestCall call(MethodKind::bidi_stream);
    ASSERT_TRUE(call.receive_text(stream.substr(0, size)).ok());
    EXPECT_EQ(call.receive_end().code, StatusCode::internal) << size;
  }
}

TEST(CallRequest, ExactlyOneMessageIsExpectedWhereRequestsDoNotStream) {
  for (const MethodKind kind : {MethodKind::unary, MethodKind::server_stream}) {
    TestCall none(kind);
    EXPECT_EQ(none.receive_end().code, StatusCode::unimplemented);
    TestCall two(kind);
    EXPECT_EQ(two.receive_text(frame("a") + frame("b")).code, StatusCode::unimplemented);
    TestCall one(kind);
    EXPECT_TRUE(one.receive_text(frame("a")).ok());
    EXPECT_TRUE(one.receive_end().ok());
  }
  for (const MethodKind kind : {MethodKind::client_stream, MethodKind::bidi_stream}) {
    TestCall none(kind);
    EXPECT_TRUE(none.receive_end().ok());
    EXPECT_TRUE(none.requests_ended());
  }
}

TEST(CallResponse, MessagesAreFramedInOrder) {
  TestCall call(MethodKind::server_stream);
  EXPECT_FALSE(call.headers_wanted());
  EXPECT_EQ(call.send(bytes("one")), SendResult::ok);
  EXPECT_EQ(call.send(bytes("")), SendResult::ok);
  EXPECT_TRUE(call.headers_wanted());
  EXPECT_EQ(call.sent(), frame("one") + frame(""));
  EXPECT_EQ(call.finish({}), SendResult::ok);
  EXPECT_EQ(call.status().code, StatusCode::ok);
  EXPECT_EQ(call.ready, 3);
}

TEST(CallResponse, ASecondMessageOfAUnaryMethodIsInvalid) {
  for (const MethodKind kind : {MethodKind::unary, MethodKind::client_stream}) {
    TestCall call(kind);
    EXPECT_EQ(call.send(bytes("one")), SendResult::ok);
    EXPECT_EQ(call.send(bytes("two")), SendResult::invalid);
    EXPECT_EQ(call.sent(), frame("one"));
  }
}

TEST(CallResponse, OkWithoutTheOneMessageBecomesInternal) {
  for (const MethodKind kind : {MethodKind::unary, MethodKind::client_stream}) {
    TestCall call(kind);
    EXPECT_EQ(call.finish({}), SendResult::ok);
    EXPECT_EQ(call.status().code, StatusCode::internal);
    EXPECT_EQ(call.status().message, "the handler returned OK without a response message");
  }
  for (const MethodKind kind : {MethodKind::server_stream, MethodKind::bidi_stream}) {
    TestCall call(kind);
    EXPECT_EQ(call.finish({}), SendResult::ok);
    EXPECT_EQ(call.status().code, StatusCode::ok);
  }
}

TEST(CallResponse, NothingIsTakenAfterTheStatus) {
  TestCall call(MethodKind::bidi_stream);
  EXPECT_EQ(call.finish({StatusCode::not_found, "gone"}), SendResult::ok);
  EXPECT_EQ(call.finish({}), SendResult::closed);
  EXPECT_EQ(call.send(bytes("late")), SendResult::closed);
  EXPECT_EQ(call.send_headers(), SendResult::closed);
  EXPECT_FALSE(call.add_trailer("a", "b"));
  EXPECT_EQ(call.status().code, StatusCode::not_found);
  EXPECT_EQ(call.sent(), "");
}

TEST(CallResponse, ALongStatusMessageIsCutBetweenCharacters) {
  TestCall call(MethodKind::bidi_stream);
  std::string message(8191, 'x');
  call.finish({StatusCode::unknown, message + "€uro"});
  EXPECT_EQ(call.status().message, message);
  TestCall plain(MethodKind::bidi_stream);
  plain.finish({StatusCode::unknown, std::string(9000, 'x')});
  EXPECT_EQ(plain.status().message.size(), 8192u);
}

TEST(CallResponse, AnOkStatusHasNoMessage) {
  TestCall call(MethodKind::bidi_stream);
  call.finish({StatusCode::ok, "fine"});
  EXPECT_EQ(call.status().message, "");
}

TEST(CallResponse, HeadersAreTakenUntilTheyAreSentTrailersUntilTheStatus) {
  TestCall call(MethodKind::server_stream);
  EXPECT_TRUE(call.add_header("a", " spaced "));
  EXPECT_EQ(call.headers().get("a"), "spaced");
  EXPECT_EQ(call.send_headers(), SendResult::ok);
  EXPECT_EQ(call.send_headers(), SendResult::ok);
  EXPECT_EQ(call.ready, 1);
  EXPECT_FALSE(call.add_header("b", "2"));
  EXPECT_TRUE(call.add_trailer("b-bin", std::string("\0 ", 2)));
  EXPECT_EQ(call.trailers().get("b-bin"), std::string("\0 ", 2));
}

TEST(CallResponse, MetadataIsCheckedAndLimited) {
  TestCall call(MethodKind::unary);
  EXPECT_FALSE(call.add_header("Upper", "x"));
  EXPECT_FALSE(call.add_header("grpc-status", "0"));
  EXPECT_FALSE(call.add_header("content-length", "1"));
  EXPECT_FALSE(call.add_trailer("a", "line\nbreak"));
  EXPECT_TRUE(call.add_header("a", std::string(8000, 'x')));
  EXPECT_TRUE(call.add_trailer("b", std::string(8000, 'x')));
  EXPECT_FALSE(call.add_trailer("c", std::string(390, 'x')));
  EXPECT_TRUE(call.add_trailer("c", std::string(381, 'x')));  // 16 KiB, with the keys
  EXPECT_FALSE(call.add_trailer("d", ""));
}

TEST(CallResponse, MetadataFarTooLargeIsRefusedBeforeItsBytesAreLookedAt) {
  TestCall call(MethodKind::unary);
  // Nobody may read these: they are not there.
  const auto* const nowhere = reinterpret_cast<const char*>(std::uintptr_t{4096});
  EXPECT_FALSE(call.add_header("a", {nowhere, std::size_t{64} << 20}));
  EXPECT_FALSE(call.add_trailer({nowhere, std::size_t{64} << 20}, "x"));
  TestCall exchange(MethodKind::http);
  EXPECT_FALSE(exchange.add_header("a", {nowhere, std::size_t{64} << 20}));
  EXPECT_FALSE(exchange.add_header({nowhere, std::size_t{64} << 20}, "x"));
}

TEST(CallResponse, TheDetailsOfAStatusAndWhenToRetryAreReservedTrailersThatMayBeGivenOnce) {
  TestCall call(MethodKind::unary);
  EXPECT_FALSE(call.add_header("grpc-status-details-bin", "x"));
  EXPECT_TRUE(call.add_trailer("grpc-status-details-bin", std::string("\0\xFF", 2)));
  EXPECT_FALSE(call.add_trailer("grpc-status-details-bin", "twice"));
  EXPECT_FALSE(call.add_trailer("grpc-status-details", "x"));
  EXPECT_FALSE(call.add_header("grpc-retry-pushback-ms", "1"));
  EXPECT_TRUE(call.add_trailer("grpc-retry-pushback-ms", "1500"));
  EXPECT_FALSE(call.add_trailer("grpc-retry-pushback-ms", "1"));
  ASSERT_EQ(call.trailers().size(), 2u);
  EXPECT_EQ(call.trailers().get("grpc-status-details-bin"), std::string("\0\xFF", 2));
}

TEST(CallResponse, AStatusMessageIsMadeUtf8BeforeItIsCut) {
  TestCall call(MethodKind::unary);
  EXPECT_EQ(call.finish({StatusCode::aborted,
                         "a\xFF"
                         "b" +
                             std::string(8190, '\xFF')}),
            SendResult::ok);
  const std::string& message = call.status().message;
  EXPECT_EQ(message.substr(0, 5),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(message.size(), 8192u);
  EXPECT_EQ(message.substr(8189), "\xEF\xBF\xBD");
}

TEST(CallFlow, SendAnswersAgainPastTheHighWaterMarkAndTellsWhenThereIsRoom) {
  TestCall call(MethodKind::server_stream);
  Listener listener;
  call.set_listener(&listener);
  const std::string message(10'000, 'x');
  std::size_t accepted = 0;
  while (call.send(bytes(message)) == SendResult::ok) ++accepted;
  EXPECT_EQ(accepted, output_high_water / 10'005 + 1);
  EXPECT_FALSE(call.writable());
  EXPECT_EQ(call.send(bytes("x")), SendResult::again);
  const std::size_t pending = call.sent().size();
  call.drain(pending - output_high_water / 2 - 1);
  EXPECT_EQ(listener.writable, 0);
  call.drain(1);
  EXPECT_EQ(listener.writable, 1);
  EXPECT_TRUE(call.writable());
  call.drain(1);
  EXPECT_EQ(listener.writable, 1) << "told once";
  EXPECT_EQ(call.send(bytes(message)), SendResult::ok);
}

TEST(CallFlow, OneMessageMayPassTheHighWaterMark) {
  TestCall call(MethodKind::unary);
  EXPECT_EQ(call.send(bytes(std::string(3 * output_high_water, 'x'))), SendResult::ok);
}

TEST(CallFlow, OutputStaysInOrderWhileItIsSentInPieces) {
  TestCall call(MethodKind::bidi_stream);
  std::string expected;
  std::string seen;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string message(i % 97, static_cast<char>('a' + i % 26));
    if (call.send(bytes(message)) == SendResult::ok) expected += frame(message);
    if (i % 3 == 0) {
      const std::string pending = call.sent();
      const std::size_t piece = std::min<std::size_t>(pending.size(), i % 131);
      seen += pending.substr(0, piece);
      call.drain(piece);
    }
  }
  seen += call.sent();
  EXPECT_EQ(seen, expected);
}

TEST(CallEnd, CancelTellsTheListenerOnce) {
  TestCall call(MethodKind::bidi_stream);
  Listener listener;
  call.set_listener(&listener);
  call.cancel();
  call.cancel();
  call.notify_readable();
  EXPECT_EQ(listener.cancelled, 1);
  EXPECT_EQ(listener.readable, 0);
  EXPECT_TRUE(call.cancelled());
  EXPECT_EQ(call.send(bytes("x")), SendResult::cancelled);
  EXPECT_EQ(call.send_headers(), SendResult::cancelled);
  EXPECT_EQ(call.finish({}), SendResult::cancelled);
  EXPECT_TRUE(call.writable()) << "send() would not answer `again`";
}

TEST(CallEnd, FailGivesTheStatusUnlessThereIsOne) {
  TestCall call(MethodKind::bidi_stream);
  Listener listener;
  call.set_listener(&listener);
  call.fail({StatusCode::deadline_exceeded, "late"});
  EXPECT_EQ(call.status().code, StatusCode::deadline_exceeded);
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(listener.cancelled, 1);

  TestCall finished(MethodKind::bidi_stream);
  finished.finish({StatusCode::not_found, ""});
  finished.fail({StatusCode::deadline_exceeded, "late"});
  EXPECT_EQ(finished.status().code, StatusCode::not_found);
  EXPECT_TRUE(finished.cancelled());
}

TEST(CallEnd, TheLastHolderRecyclesIt) {
  TestCall call(MethodKind::unary);
  call.retain();
  call.release();
  EXPECT_EQ(call.recycled, 0);
  call.release();
  EXPECT_EQ(call.recycled, 1);
}

TEST(CallEnd, ResetMakesItAsNew) {
  const Method method{"/test.Test/Call", MethodKind::bidi_stream, nullptr};
  TestCall call(MethodKind::bidi_stream);
  ASSERT_TRUE(call.receive_text(frame("left over") + "\0").ok());
  ASSERT_TRUE(call.add_header("a", "b"));
  ASSERT_EQ(call.send(bytes("answer")), SendResult::ok);
  call.finish({StatusCode::aborted, "x"});
  call.cancel();
  call.reset();
  call.use(method);
  EXPECT_FALSE(call.message().has_value());
  EXPECT_FALSE(call.readable());
  EXPECT_FALSE(call.finished());
  EXPECT_FALSE(call.cancelled());
  EXPECT_TRUE(call.headers().empty());
  EXPECT_EQ(call.sent(), "");
  EXPECT_EQ(call.deadline(), std::nullopt);
  EXPECT_TRUE(call.receive_text(frame("new")).ok());
  EXPECT_EQ(call.next(), "new");
}

TEST(CallResponse, AMessageLargerThanMayBeSentEndsTheCall) {
  TestCall call(MethodKind::bidi_stream);
  call.set_max_response_size(10);
  EXPECT_EQ(call.send(std::as_bytes(std::span(std::string_view("0123456789")))), SendResult::ok);
  EXPECT_EQ(call.send(std::as_bytes(std::span(std::string_view("0123456789a")))), SendResult::closed);
  EXPECT_TRUE(call.finished());
  EXPECT_EQ(call.status().code, StatusCode::resource_exhausted);
  EXPECT_EQ(call.status().message, "the response message has 11 bytes; the server sends at most 10");
}

TEST(Call, HasNoLargeBufferWhileItWaits) {
  BufferPool pool;
  TestCall call(MethodKind::bidi_stream);
  call.set_buffer_pool(&pool);
  const std::string message(10'000, 'm');
  EXPECT_TRUE(call.receive_text(frame(message) + frame("the next"), message.size()).ok());
  EXPECT_EQ(call.next(), message);
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_EQ(call.next(), "the next");
  const std::size_t of_input = pool.size();
  EXPECT_GE(of_input, message.size());

  EXPECT_EQ(call.send(bytes(message)), SendResult::ok);
  EXPECT_EQ(pool.size(), 0u);  // the same memory again
  call.drain(100);
  EXPECT_EQ(pool.size(), 0u);
  call.drain(frame(message).size() - 100);
  EXPECT_EQ(pool.size(), of_input);
  EXPECT_EQ(call.send(bytes("short")), SendResult::ok);
  EXPECT_EQ(call.sent(), frame("short"));
}

}  // namespace
}  // namespace wasm_grpc::rpc
