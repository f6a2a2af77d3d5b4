#include "observe/log/access_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace wasm_grpc::observe {
namespace {

using std::chrono::milliseconds;

AccessLogOptions of(AccessLog calls, milliseconds slower_than = {}, double sample = 1) {
  AccessLogOptions options;
  options.calls = calls;
  options.slower_than = slower_than;
  options.sample = sample;
  return options;
}

struct AccessLogTest : testing::Test {
  AccessLogTest() {
    request.method = &method;
    request.number = 7;
    request.client = client.get();
  }

  /// The lines of calls that ended so.
  std::vector<std::string> lines_of(const AccessLogOptions& options, int calls, rpc::StatusCode status,
                                    std::chrono::nanoseconds took = milliseconds(1)) {
    std::vector<std::string> lines;
    const Log log(LogLevel::trace, LogSink{[&](const LogLine& line) {
                                             lines.push_back(std::string(line.source) + " " + std::string(line.method) +
                                                             " " + std::string(rpc::name(*line.status)) + " " +
                                                             std::string(line.peer) + " " + std::to_string(line.call) +
                                                             " " + std::string(line.trace_id));
                                           },
                                           nullptr});
    AccessLogger logger(log, options, 1);
    for (int i = 0; i < calls; ++i) logger.ended(request, status, took);
    EXPECT_TRUE(log.flush(std::chrono::seconds(20)));
    return lines;
  }

  const rpc::Method method{"/a.B/C"};
  const std::shared_ptr<rpc::Client> client = std::make_shared<rpc::Client>(1, "127.0.0.1:4711");
  rpc::Request request;
};

TEST_F(AccessLogTest, LogsAllCallsOrThoseThatFailedOrNone) {
  const std::vector<std::string> ok = {"access /a.B/C OK 127.0.0.1:4711 7 "};
  const std::vector<std::string> failed = {"access /a.B/C ABORTED 127.0.0.1:4711 7 "};
  EXPECT_EQ(lines_of(of(AccessLog::all), 1, rpc::StatusCode::ok), ok);
  EXPECT_EQ(lines_of(of(AccessLog::all), 1, rpc::StatusCode::aborted), failed);
  EXPECT_TRUE(lines_of(of(AccessLog::errors), 1, rpc::StatusCode::ok).empty());
  EXPECT_EQ(lines_of(of(AccessLog::errors), 1, rpc::StatusCode::aborted), failed);
  EXPECT_TRUE(lines_of(of(AccessLog::none), 1, rpc::StatusCode::aborted).empty());
}

TEST_F(AccessLogTest, LogsSlowCallsWhateverElseItLogs) {
  for (const AccessLog calls : {AccessLog::none, AccessLog::errors, AccessLog::all}) {
    const AccessLogOptions options = of(calls, milliseconds(100), 0);
    EXPECT_EQ(lines_of(options, 1, rpc::StatusCode::ok, milliseconds(101)).size(), 1u);
    EXPECT_TRUE(lines_of(options, 1, rpc::StatusCode::ok, milliseconds(99)).empty());
  }
}

TEST_F(AccessLogTest, LogsAPartOfTheCallsThatWentWellAndAllOthers) {
  const AccessLogOptions options = of(AccessLog::all, {}, 0.1);
  const std::size_t some = lines_of(options, 10'000, rpc::StatusCode::ok).size();
  EXPECT_GT(some, 800u);
  EXPECT_LT(some, 1200u);
  EXPECT_EQ(lines_of(options, 100, rpc::StatusCode::internal).size(), 100u);
  EXPECT_EQ(lines_of(of(AccessLog::all, {}, 0), 100, rpc::StatusCode::ok).size(), 0u);
}

TEST_F(AccessLogTest, SaysTheTraceThatTheClientNames) {
  request.metadata.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_EQ(lines_of(of(AccessLog::all), 1, rpc::StatusCode::ok).front(),
            "access /a.B/C OK 127.0.0.1:4711 7 4bf92f3577b34da6a3ce929d0e0e4736");
}

}  // namespace
}  // namespace wasm_grpc::observe
