#include "admin/try_handler.h"

#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "abi/test_call.h"

namespace wasm_grpc::admin {
namespace {

using abi::TestCall;

/// A server whose calls end when the test says so.
class FakeTrials final : public Trials {
 public:
  [[nodiscard]] std::vector<Method> methods() const override {
    return {{"/a.B/C", rpc::MethodKind::unary}, {"/a.B/D", rpc::MethodKind::server_stream}};
  }
  [[nodiscard]] std::optional<std::string> example(std::string_view path) const override {
    return path == "/a.B/C" ? std::optional<std::string>("{\"x\":0}") : std::nullopt;
  }
  [[nodiscard]] Result<Cancel> begin(const Attempt& attempt, Done done) override {
    if (attempt.path != "/a.B/C") return Error{"there is no such method"};
    attempts.push_back(attempt);
    calls.push_back(std::move(done));
    return Cancel([this] { ++cancelled; });
  }

  /// Ends the first call.
  void end(Outcome outcome) {
    outcome.to_json = [](const std::string& message) -> Result<std::string> {
      if (message == "bad") return Error{"these bytes are no message"};
      return "\"" + message + "\"";
    };
    const Done done = std::move(calls.front());
    calls.pop_front();
    done(std::move(outcome));
  }

  std::vector<Attempt> attempts;
  std::deque<Done> calls;
  int cancelled = 0;
};

struct TryHandlerTest : testing::Test {
  TryHandlerTest() {
    AdminOptions options;
    options.without_token = true;
    handler = std::make_unique<TryHandler>(Gate::open(options).value(), trials,
                                           [this](std::function<void()> function) { posted.push_back(function); });
  }
  void run_posted() {
    for (auto functions = std::exchange(posted, {}); const auto& function : functions) function();
  }
  /// Begins a POST; its body is still to come.
  void begin(TestCall& call) {
    call.client_asks_for("POST", "/try");
    call.add_request_metadata("content-type", "application/json");
    handler->start(call);
  }
  void post(TestCall& call, const std::string& body) {
    begin(call);
    call.client_sends_body(body);
    call.client_ends();
  }
  static nlohmann::json answer(const TestCall& call) { return nlohmann::json::parse(call.body()); }

  const std::shared_ptr<FakeTrials> trials = std::make_shared<FakeTrials>();
  std::vector<std::function<void()>> posted;
  std::unique_ptr<TryHandler> handler;
};

constexpr const char* good = R"({"method": "/a.B/C", "request": "{}", "metadata": [["a", "b"]], "timeout_ms": 5})";

TEST_F(TryHandlerTest, ListsMethodsAndRequests) {
  TestCall list(rpc::MethodKind::http, "/try");
  list.client_asks_for("GET", "/try");
  handler->start(list);
  EXPECT_EQ(answer(list).at("methods").size(), 2U);
  EXPECT_EQ(answer(list).at("methods").at(1).at("kind"), "server streaming");
  TestCall example(rpc::MethodKind::http, "/try");
  example.client_asks_for("GET", "/try?method=%2Fa.B%2FC");
  handler->start(example);
  EXPECT_EQ(answer(example).at("request"), "{\"x\":0}");
}

TEST_F(TryHandlerTest, AnswersWhenTheCallHasEnded) {
  TestCall call(rpc::MethodKind::http, "/try");
  begin(call);
  const std::string body = good;
  call.client_sends_body(body.substr(0, 10));
  call.client_sends_body(body.substr(10));
  EXPECT_TRUE(trials->attempts.empty()) << "more may come";
  call.client_ends();
  ASSERT_EQ(trials->attempts.size(), 1U);
  EXPECT_EQ(trials->attempts[0].timeout, std::chrono::milliseconds(5));
  EXPECT_EQ(trials->attempts[0].metadata.get("a"), "b");
  Outcome outcome;
  outcome.status = {rpc::StatusCode::not_found, "no"};
  outcome.messages = {"one", "bad"};
  outcome.trailers.add("t-bin", "\x01");
  outcome.is_cut = true;
  trials->end(std::move(outcome));
  EXPECT_FALSE(call.finished()) << "it is another thread that says so";
  run_posted();
  ASSERT_TRUE(call.finished());
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(answer(call).at("status").at("name"), "NOT_FOUND");
  EXPECT_EQ(answer(call).at("messages").at(0), "\"one\"");
  EXPECT_EQ(answer(call).at("messages").at(1).at("error"), "these bytes are no message");
  EXPECT_EQ(answer(call).at("trailers").at(0), nlohmann::json({"t-bin", "AQ=="}));
  EXPECT_EQ(answer(call).at("cut"), true);
}

TEST_F(TryHandlerTest, CancelsTheCallOfWhoHasGone) {
  TestCall call(rpc::MethodKind::http, "/try");
  post(call, good);
  call.client_cancels();
  EXPECT_EQ(trials->cancelled, 1);
  EXPECT_TRUE(call.let_go_of());
  trials->end({});
  run_posted();  // nobody is there to hear of it
}

TEST_F(TryHandlerTest, LetsGoOfWhoGoesBeforeAllIsThere) {
  TestCall call(rpc::MethodKind::http, "/try");
  begin(call);
  call.client_sends_body("{");
  call.client_cancels();
  EXPECT_TRUE(call.let_go_of());
  EXPECT_EQ(trials->cancelled, 0);
}

TEST_F(TryHandlerTest, MakesSoManyCallsAtOnceAndNoMore) {
  std::vector<std::unique_ptr<TestCall>> calls;
  for (std::size_t i = 0; i < TryHandler::most_at_once; ++i) {
    post(*calls.emplace_back(std::make_unique<TestCall>(rpc::MethodKind::http, "/try")), good);
  }
  TestCall one_more(rpc::MethodKind::http, "/try");
  begin(one_more);
  EXPECT_EQ(one_more.http_status(), 429);
  trials->end({});
  run_posted();
  TestCall now(rpc::MethodKind::http, "/try");
  post(now, good);
  EXPECT_EQ(trials->attempts.size(), TryHandler::most_at_once + 1);
  while (!trials->calls.empty()) trials->end({});
  run_posted();
}

TEST_F(TryHandlerTest, TakesSoMuchAndNoMore) {
  TestCall call(rpc::MethodKind::http, "/try");
  begin(call);
  const std::string piece(std::size_t{16} << 10, ' ');
  for (std::size_t sent = 0; sent <= TryHandler::most_body && !call.finished(); sent += piece.size()) {
    call.client_sends_body(piece);
  }
  EXPECT_EQ(call.http_status(), 413);
  EXPECT_TRUE(call.let_go_of());
}

TEST_F(TryHandlerTest, GoesAwayWithWhatIsInProgress) {
  TestCall call(rpc::MethodKind::http, "/try");
  post(call, good);
  handler.reset();
  EXPECT_TRUE(call.let_go_of());
  trials->end({});
  run_posted();
}

TEST_F(TryHandlerTest, RefusesOtherWebPages) {
  for (const auto& [name, value] : {std::pair("origin", "https://evil.example"), std::pair("origin", "null"),
                                    std::pair("sec-fetch-site", "cross-site")}) {
    TestCall call(rpc::MethodKind::http, "/try");
    call.add_request_metadata(name, value);
    begin(call);
    EXPECT_EQ(call.http_status(), 403) << name << ": " << value;
  }
  TestCall own(rpc::MethodKind::http, "/try");
  own.add_request_metadata("origin", "https://example.com");
  post(own, good);
  EXPECT_EQ(trials->attempts.size(), 1U);
  trials->end({});
  run_posted();
}

}  // namespace
}  // namespace wasm_grpc::admin
