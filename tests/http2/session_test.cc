// A session without a socket: bytes in, bytes out.
#include "http2/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/core.h"
#include "http2/http1_wire.h"

namespace wasm_grpc::http2 {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t id = 0;
  std::string payload;

  [[nodiscard]] std::uint32_t number(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(payload.at(at + i));
    return value;
  }
};

std::string raw_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<char>(payload.size() >> shift));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(id >> shift));
  return bytes.append(payload);
}

std::vector<Frame> frames_in(std::string_view bytes) {
  std::vector<Frame> frames;
  while (bytes.size() >= 9) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])); };
    const std::size_t size = at(0) << 16 | at(1) << 8 | at(2);
    frames.push_back({static_cast<std::uint8_t>(at(3)), static_cast<std::uint8_t>(at(4)),
                      at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8), std::string(bytes.substr(9, size))});
    bytes.remove_prefix(std::min(bytes.size(), 9 + size));
  }
  EXPECT_TRUE(bytes.empty()) << "part of a frame";
  return frames;
}

/// A message of gRPC.
std::string message(std::string_view text) {
  std::string framed(1, '\0');
  for (const int shift : {24, 16, 8, 0}) framed.push_back(static_cast<char>(text.size() >> shift));
  return framed.append(text);
}

/// Makes the frames of a client.
class Speaker {
 public:
  Speaker() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_client_new(&session_, callbacks, nullptr);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Speaker() { nghttp2_session_del(session_); }
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  /// The head of a request; its body is for data().
  std::string head(const std::string& path, std::string_view authority = "a") {
    const std::array<std::pair<std::string_view, std::string_view>, 6> fields = {
        {{":method", "POST"},
         {":scheme", "http"},
         {":authority", authority},
         {":path", path},
         {"te", "trailers"},
         {"content-type", "application/grpc"}}};
    std::vector<nghttp2_nv> block;
    const auto pointer = [](std::string_view text) {
      return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    for (const auto& [name, value] : fields) {
      block.push_back({pointer(name), pointer(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider never{};
    never.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t, std::uint32_t*,
                             nghttp2_data_source*, void*) -> ssize_t { return NGHTTP2_ERR_DEFERRED; };
    nghttp2_submit_request(session_, nullptr, block.data(), block.size(), &never, nullptr);
    std::string said;
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      said.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    return said;
  }
  static std::string data(std::uint32_t id, std::string_view payload, bool end) {
    return raw_frame(NGHTTP2_DATA, end ? NGHTTP2_FLAG_END_STREAM : 0, id, payload);
  }
  std::string call(const std::string& path, std::string_view text, std::uint32_t id) {
    return head(path) + data(id, message(text), true);
  }

 private:
  nghttp2_session* session_ = nullptr;
};

struct Worker final : Host {
  void wake() noexcept override {}
  void drained() noexcept override {}
};

/// Whose session it is: notes what it is told.
class Owner final : public net::Counted, public SessionOwner {
 public:
  explicit Owner(Core& core, Session::Authorities authorities = Session::Authorities::of_http)
      : session(core, *this, *this, std::make_shared<rpc::Client>(7, "192.0.2.1:1"), authorities) {}

  void has_output() override { ++outputs; }
  void client_opened() override { ++openings; }
  void client_pinged() override { ++pings; }
  void ping_answered(std::span<const std::uint8_t> payload) override {
    answered.assign(payload.begin(), payload.end());
  }
  void became_idle() override { ++idles; }
  void violated(const Violation& violation) override { violations.push_back(violation.reason); }
  void note_end(EndReason reason, std::string_view) override { ends.push_back(reason); }
  void broken() override { is_broken = true; }

  Session session;
  int outputs = 0;
  int openings = 0;
  int pings = 0;
  int idles = 0;
  std::string answered;
  std::vector<EndReason> violations;
  std::vector<EndReason> ends;
  bool is_broken = false;
  bool* gone = nullptr;

 private:
  ~Owner() override {
    if (gone != nullptr) *gone = true;
  }
};

class Handler final : public rpc::Handler {
 public:
  explicit Handler(std::function<void(rpc::Call&)> serve) : serve_(std::move(serve)) {}
  void start(rpc::Call& call) noexcept override { serve_(call); }

 private:
  std::function<void(rpc::Call&)> serve_;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    const auto add = [&](const char* name, Handler& handler) {
      EXPECT_TRUE(methods.add({std::string("/t.T/") + name, rpc::MethodKind::unary, &handler}));
    };
    add("Echo", echo);
    add("Keep", keep);
    add("Close", close);
    EXPECT_TRUE(methods.add({"/page", rpc::MethodKind::http, &page}));
  }
  ~SessionTest() override { end(); }

  Session& begin(Session::Authorities authorities = Session::Authorities::of_http) {
    core = std::make_unique<Core>(io, settings, methods, timers, worker, nullptr);
    owner = net::Ref(*new Owner(*core, authorities));
    EXPECT_TRUE(session().begin());
    return session();
  }
  void end() {
    if (core == nullptr) return;
    if (!ended) session().close(rpc::CallEnd::connection);
    ended = true;
    for (rpc::Call* call : std::exchange(kept, {})) call->release();
    owner = {};
    core.reset();
  }
  Session& session() { return owner->session; }
  void feed(std::string_view bytes) { session().feed(bytes_of(bytes)); }
  /// All that it says.
  std::string said() {
    std::string text;
    session().note_flush();
    session().submit();
    for (bool more = true; more;) {
      core->sockets.batch.clear();
      more = session().pull(core->sockets.batch);
      for (const asio::const_buffer& piece : core->sockets.batch.buffers()) {
        text.append(static_cast<const char*>(piece.data()), piece.size());
      }
      session().written();
    }
    return text;
  }
  std::vector<Frame> frames() { return frames_in(said()); }
  /// The payload of its DATA frames.
  std::string data_said() {
    std::string data;
    for (const Frame& frame : frames()) {
      if (frame.type == NGHTTP2_DATA) data += frame.payload;
    }
    return data;
  }

  asio::io_context io{1};
  ConnectionOptions settings;
  rpc::MethodTable methods;
  rpc::TimerQueue timers;
  Worker worker;
  std::vector<rpc::Call*> kept;
  bool ended = false;
  Handler echo{[](rpc::Call& call) {
    static_cast<void>(call.send(*call.message()));
    call.pop_message();
    call.finish({});
  }};
  Handler keep{[this](rpc::Call& call) {
    call.retain();
    kept.push_back(&call);
  }};
  Handler close{[this](rpc::Call& call) {
    EXPECT_FALSE(session().may_close());
    call.finish({});
  }};
  Handler page{[](rpc::Call& call) {
    static_cast<void>(call.send(bytes_of("page")));
    call.finish({});
  }};
  std::unique_ptr<Core> core;
  net::Ref<Owner> owner;
  Speaker client;
};

TEST_F(SessionTest, ARequestComesInAndItsAnswerGoesOut) {
  begin();
  feed(client.call("/t.T/Echo", "hello", 1));
  EXPECT_EQ(owner->openings, 1);
  EXPECT_EQ(data_said(), message("hello"));
  EXPECT_FALSE(session().has_streams());
  EXPECT_EQ(session().data_sent(), 1U);
  EXPECT_EQ(session().answers_sent(), 3U) << "head, message and trailers";
}

TEST_F(SessionTest, BytesOneByOneMeanTheSame) {
  begin();
  const std::string request = client.call("/t.T/Echo", "hello", 1);
  for (const char& byte : request) feed({&byte, 1});
  EXPECT_EQ(data_said(), message("hello"));
}

TEST_F(SessionTest, ThatThereIsOutputIsToldOnceUntilTheOwnerActsOnIt) {
  begin();
  feed(client.call("/t.T/Echo", "a", 1));
  feed(client.call("/t.T/Echo", "b", 3));
  EXPECT_EQ(owner->outputs, 1);
  static_cast<void>(said());
  feed(client.call("/t.T/Echo", "c", 5));
  EXPECT_EQ(owner->outputs, 2);
}

TEST_F(SessionTest, AStreamBeyondThoseAClientMayHaveIsRefusedAndTheOthersGoOn) {
  settings.max_concurrent_streams = 2;
  begin();
  feed(client.call("/t.T/Keep", "a", 1));
  const auto hello = frames();
  ASSERT_EQ(hello.at(0).type, NGHTTP2_SETTINGS);
  bool told = false;
  for (std::size_t at = 0; at < hello[0].payload.size(); at += 6) {
    told =
        told || (hello[0].payload[at + 1] == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS && hello[0].number(at + 2) == 2);
  }
  EXPECT_TRUE(told);
  feed(raw_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));  // it cannot say that it did not know
  feed(client.call("/t.T/Keep", "b", 3));
  feed(client.call("/t.T/Echo", "one too many", 5));
  auto refused = frames();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].type, NGHTTP2_RST_STREAM);
  EXPECT_EQ(refused[0].id, 5U);
  EXPECT_EQ(refused[0].number(0), std::uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_FALSE(owner->is_broken);
  EXPECT_TRUE(owner->violations.empty());

  static_cast<void>(kept.at(0)->send(bytes_of("answer")));
  kept[0]->finish({});
  EXPECT_EQ(data_said(), message("answer"));
  feed(client.call("/t.T/Echo", "in its place", 7));
  EXPECT_EQ(data_said(), message("in its place"));
}

TEST_F(SessionTest, APathIsAnAuthorityWhereAnyIs) {
  begin(Session::Authorities::any);
  feed(client.head("/t.T/Keep", "/run/plugin.sock") + Speaker::data(1, message("x"), true));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0]->authority(), "/run/plugin.sock");
}

TEST_F(SessionTest, APathIsNoAuthorityElsewhere) {
  begin();
  feed(client.head("/t.T/Keep", "/run/plugin.sock") + Speaker::data(1, message("x"), true));
  EXPECT_TRUE(kept.empty());
  const auto said = frames();
  EXPECT_TRUE(std::ranges::any_of(said, [](const Frame& frame) { return frame.type == NGHTTP2_RST_STREAM; }));
}

TEST_F(SessionTest, AMalformedRequestIsRefusedAloneWhereAnyAuthorityIsTaken) {
  begin(Session::Authorities::any);
  static_cast<void>(said());
  feed(client.head("no path", "a") + Speaker::data(1, message("x"), true));
  EXPECT_TRUE(kept.empty());
  EXPECT_FALSE(session().has_streams());
  feed(client.head("/t.T/Keep", "a") + Speaker::data(3, message("x"), true));
  ASSERT_EQ(kept.size(), 1U);
  int resets = 0;
  for (const Frame& frame : frames()) {
    if (frame.type != NGHTTP2_RST_STREAM) continue;
    ++resets;
    EXPECT_EQ(frame.id, 1U);
    EXPECT_EQ(frame.number(0), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  }
  EXPECT_EQ(resets, 1);
}

TEST_F(SessionTest, WhoKeepsOpeningMoreThanItMayIsEnded) {
  settings.max_concurrent_streams = 1;
  settings.clients.reset_burst = 10;
  settings.clients.resets_per_second = 1;
  begin();
  feed(client.call("/t.T/Keep", "a", 1));
  for (std::uint32_t id = 3; id < 60; id += 2) {
    feed(client.call("/t.T/Echo", "more", id));
    static_cast<void>(said());
  }
  EXPECT_EQ(owner->violations.at(0), EndReason::error_flood);
}

TEST_F(SessionTest, ALargeMessageIsWrittenFromWhereItIs) {
  begin();
  const std::string large(20'000, 'x');
  feed(client.head("/t.T/Echo"));
  const std::string whole = message(large);
  for (std::size_t at = 0; at < whole.size(); at += 16'000) {
    feed(Speaker::data(1, whole.substr(at, 16'000), at + 16'000 >= whole.size()));
  }
  session().submit();
  core->sockets.batch.clear();
  static_cast<void>(session().pull(core->sockets.batch));
  EXPECT_GT(core->sockets.batch.buffers().size(), 1U) << "frames and what they refer to";
  EXPECT_GT(core->sockets.batch.size(), large.size());
  session().written();
}

TEST_F(SessionTest, PingsAreToldAndAnswered) {
  begin();
  feed(client.head("/t.T/Keep") + raw_frame(NGHTTP2_PING, 0, 0, "12345678"));
  EXPECT_EQ(owner->pings, 1);
  const auto answers = frames();
  EXPECT_TRUE(std::ranges::any_of(answers, [](const Frame& frame) {
    return frame.type == NGHTTP2_PING && frame.flags == NGHTTP2_FLAG_ACK && frame.payload == "12345678";
  }));
  feed(raw_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "abcdefgh"));
  EXPECT_EQ(owner->answered, "abcdefgh");
}

TEST_F(SessionTest, TheEndIsAnnouncedThenTheLastStreamNamed) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  static_cast<void>(said());
  session().announce_end();
  auto goodbyes = frames();
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].type, NGHTTP2_GOAWAY);
  EXPECT_EQ(goodbyes[0].number(0), 0x7fffffffU);
  session().name_last_stream(NGHTTP2_NO_ERROR, "why");
  goodbyes = frames();
  ASSERT_EQ(goodbyes.size(), 1U);
  EXPECT_EQ(goodbyes[0].number(0), 1U);
  EXPECT_EQ(goodbyes[0].payload.substr(8), "why");
  EXPECT_FALSE(session().is_over()) << "a stream is left";
}

TEST_F(SessionTest, WhatIsNoHttp2BreaksIt) {
  begin();
  feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(owner->is_broken);
  EXPECT_EQ(owner->ends, std::vector{EndReason::protocol_error});
}

TEST_F(SessionTest, WhatTheGuardRefusesIsAViolation) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  EXPECT_TRUE(owner->violations.empty());
  feed(Speaker::data(1, "more", false));
  EXPECT_EQ(owner->violations, std::vector{EndReason::protocol_error});
}

TEST_F(SessionTest, ItIsNotClosedWhileItIsFed) {
  begin();
  EXPECT_TRUE(session().may_close());
  feed(client.call("/t.T/Close", "x", 1));
  EXPECT_TRUE(session().close_wanted());
  EXPECT_FALSE(session().takes_input());
}

TEST_F(SessionTest, ItsOwnerLivesUntilTheLastCallIsLetGo) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  bool gone = false;
  owner->gone = &gone;
  session().close(rpc::CallEnd::connection);
  ended = true;
  owner = {};
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept[0]->cancelled());
  EXPECT_FALSE(gone);
  std::exchange(kept, {})[0]->release();
  EXPECT_TRUE(gone);
}

TEST_F(SessionTest, DroppedStreamsAreCancelledAndSaidNothingOf) {
  begin();
  feed(client.call("/t.T/Keep", "x", 1));
  static_cast<void>(said());
  session().drop_streams();
  EXPECT_TRUE(kept.at(0)->cancelled());
  EXPECT_FALSE(session().takes_input());
  EXPECT_TRUE(frames().empty());
}

TEST_F(SessionTest, IdleTimeIsToldWhereItMatters) {
  for (const bool matters : {false, true}) {
    settings.max_connection_idle = std::chrono::seconds(matters ? 1 : 0);
    Speaker other;
    begin();
    feed(other.call("/t.T/Echo", "x", 1));
    static_cast<void>(said());
    EXPECT_EQ(owner->idles, matters ? 1 : 0);
    end();
    ended = false;
  }
}

// ---- HTTP/1.1 over it ----

class Http1WireTest : public SessionTest {
 protected:
  Wire& speak() {
    begin();
    wire = std::make_unique<Http1Wire>(session(), *owner, "http", 8192);
    return *wire;
  }
  std::string answer() {
    session().submit();
    net::OutputBatch& batch = core->sockets.batch;
    std::string text;
    for (Wire::Pulled pulled{.more = true}; pulled.more;) {
      batch.clear();
      pulled = wire->pull(batch);
      go_on = pulled.go_on;
      for (const asio::const_buffer& piece : batch.buffers()) {
        text.append(static_cast<const char*>(piece.data()), piece.size());
      }
      session().written();
    }
    return text;
  }

  std::unique_ptr<Http1Wire> wire;
  bool go_on = false;
};

TEST_F(Http1WireTest, ARequestIsServedInItsOwnWords) {
  speak().feed(bytes_of("GET /page HTTP/1.1\r\nhost: a\r\n\r\n"));
  const std::string text = answer();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\npage")) << text;
  EXPECT_FALSE(wire->is_over());
  EXPECT_FALSE(wire->can_ping());
}

TEST_F(Http1WireTest, ARequestBehindAnotherIsHeldBackAndGoneOnWithAfterTheFlush) {
  const std::string request = "GET /page HTTP/1.1\r\nhost: a\r\n\r\n";
  speak().feed(bytes_of(request + request));
  EXPECT_NE(answer(), "");
  ASSERT_TRUE(go_on);
  EXPECT_EQ(answer(), "") << "handlers are not started in a flush";
  wire->feed({});
  EXPECT_TRUE(answer().ends_with("page"));
  EXPECT_FALSE(go_on);
}

TEST_F(Http1WireTest, WhatIsNoHttpEndsItWithAReason) {
  speak().feed(bytes_of("\x16\x03\x01 TLS?\r\n"));
  EXPECT_TRUE(wire->is_over());
  EXPECT_EQ(owner->ends, std::vector{EndReason::malformed_http1});
}

TEST_F(Http1WireTest, PartOfAHeadIsIncomplete) {
  speak().feed(bytes_of("GET /page HTT"));
  EXPECT_NE(wire->incomplete(), 0U);
  wire->feed(bytes_of("P/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_EQ(wire->incomplete(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::http2
