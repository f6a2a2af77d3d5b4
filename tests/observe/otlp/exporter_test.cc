#include "observe/otlp/exporter.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "observe/otlp/fake_collector.h"
#include "observe/otlp/spans.h"
#include "observe/trace/tracer.h"

namespace wasm_grpc::observe::otlp {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

TraceOptions to(const std::string& endpoint) {
  TraceOptions options;
  options.endpoint = endpoint;
  options.service_name = "shop";
  return options;
}

struct ExporterTest : testing::Test {
  std::unique_ptr<Exporter> start(const std::string& endpoint) {
    auto started =
        Exporter::start(to(endpoint), source_of_spans({queue}, "shop"), [this](LogLevel, const std::string& text) {
          const std::lock_guard lock(mutex);
          lines.push_back(text);
        });
    EXPECT_TRUE(started.ok());
    return std::move(started).value();
  }
  void end_calls(int count) {
    Tracer tracer(Sampling({}), queue, [] {});
    const rpc::Method method{"/a.B/C"};
    for (int i = 0; i < count; ++i) {
      rpc::Request request;
      request.method = &method;
      tracer.begin(request);
      tracer.end(request, rpc::StatusCode::ok);
    }
  }
  [[nodiscard]] std::vector<std::string> told() {
    const std::lock_guard lock(mutex);
    return lines;
  }

  const std::shared_ptr<SpanQueue> queue = std::make_shared<SpanQueue>();
  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST_F(ExporterTest, SendsWhatHasEndedInBatches) {
  FakeCollector collector(trace_export_path);
  const auto exporter = start(collector.address);
  end_calls(1000);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return exporter->exported() == 1000; }));
  EXPECT_EQ(collector.requests, 4);
  EXPECT_NE(collector.last().find("service.name"), std::string::npos);
  EXPECT_NE(collector.last().find("shop"), std::string::npos);
  EXPECT_EQ(exporter->dropped(), 0u);
  EXPECT_TRUE(told().empty());
}

TEST_F(ExporterTest, SendsWhatIsLeftWhenItGoesAway) {
  FakeCollector collector(trace_export_path);
  auto exporter = start(collector.address);
  end_calls(3);
  exporter.reset();
  EXPECT_EQ(collector.requests, 1);
}

TEST_F(ExporterTest, CountsWhatTheCollectorRejects) {
  FakeCollector collector(trace_export_path);
  collector.answers({}, std::string("\x0a\x09\x08\x02\x12\x05sorry", 11));  // partial_success {2, "sorry"}
  const auto exporter = start(collector.address);
  end_calls(5);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return exporter->exported() == 3; }));
  EXPECT_EQ(exporter->dropped(), 2u);
  ASSERT_EQ(told().size(), 1u);
  EXPECT_NE(told()[0].find("it rejected 2 of 5 spans: sorry"), std::string::npos);
}

TEST_F(ExporterTest, DropsWhatIsRefusedAndSaysSoOnceAndWhenItIsOver) {
  FakeCollector collector(trace_export_path);
  collector.answers({rpc::StatusCode::permission_denied, "who are you?"});
  const auto exporter = start(collector.address);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    end_calls(1);
    exporter->wake();
    EXPECT_TRUE(eventually([&] { return exporter->dropped() == i; }));
  }
  collector.answers({});
  end_calls(1);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return exporter->exported() == 1; }));
  EXPECT_TRUE(eventually([&] { return told().size() == 2; }));
  EXPECT_NE(told()[0].find("PERMISSION_DENIED: who are you?"), std::string::npos);
  EXPECT_NE(told()[1].find("takes spans again; 3 were dropped so far"), std::string::npos);
}

TEST_F(ExporterTest, TriesAgainWhatMayBeTakenLater) {
  FakeCollector collector(trace_export_path);
  collector.answers({rpc::StatusCode::unavailable, "starting"});
  const auto exporter = start(collector.address);
  end_calls(2);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return collector.requests >= 2; }));
  collector.answers({});
  EXPECT_TRUE(eventually([&] { return exporter->exported() == 2; }));
  EXPECT_EQ(exporter->dropped(), 0u);
}

TEST_F(ExporterTest, AnAnswerThatIsNoneIsARefusal) {
  FakeCollector collector(trace_export_path);
  collector.answers({}, "\xff\xff\xff");
  const auto exporter = start(collector.address);
  end_calls(1);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return exporter->dropped() == 1; }));
}

TEST_F(ExporterTest, GoesAwaySoonThoughTheCollectorNeverAnswers) {
  // It takes connections, and says nothing.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 10), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  auto exporter = start("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  end_calls(1);
  exporter->wake();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // it waits for an answer, as a rule
  const auto began = Clock::now();
  exporter.reset();
  EXPECT_LT(Clock::now() - began, seconds(20));
  close(listener);
}

TEST_F(ExporterTest, SaysWhatIsWrongWithAnAddress) {
  const auto started = Exporter::start(to("nowhere"), source_of_spans({queue}, "shop"), nullptr);
  ASSERT_FALSE(started.ok());
  EXPECT_TRUE(started.error().message.starts_with("the collector of traces: ")) << started.error().message;
}

}  // namespace
}  // namespace wasm_grpc::observe::otlp
