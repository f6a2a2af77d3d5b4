// A session without a socket, and what makes the frames of its client.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/session/session.h"
#include "http2/session/session_core.h"
#include "net/output_batch.h"

namespace wasm_grpc::http2 {

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

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

inline std::string raw_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id, std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<char>(payload.size() >> shift));
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(id >> shift));
  return bytes.append(payload);
}

inline std::vector<Frame> frames_in(std::string_view bytes) {
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
inline std::string message(std::string_view text) {
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

struct Worker final : EndpointOwner {
  void wake() noexcept override {}
  void drained() noexcept override {}
};

/// Whose session it is: notes what it is told.
class Owner final : public net::Counted, public SessionOwner {
 public:
  explicit Owner(SessionCore& core, Session::Authorities authorities = Session::Authorities::of_http)
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
    core = std::make_unique<SessionCore>(settings, methods, timers, worker, nullptr);
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
      batch.clear();
      more = session().pull(batch);
      for (const asio::const_buffer& piece : batch.buffers()) {
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
  net::OutputBatch batch;
  std::unique_ptr<SessionCore> core;
  net::Ref<Owner> owner;
  Speaker client;
};

}  // namespace wasm_grpc::http2
