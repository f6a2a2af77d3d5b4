// What was counted, as requests of OTLP, and how they are sent. What is in them test_otlp_metrics.py holds against
// OpenTelemetry's own messages.
#include "observe/otlp/metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "eventually.h"
#include "observe/metrics/metrics.h"
#include "observe/otlp/exporter.h"
#include "observe/otlp/fake_collector.h"

namespace wasm_grpc::observe::otlp {
namespace {

/// Counters of a server that serves so many methods.
ServerCounters with_methods(std::size_t count) {
  ServerCounters counters;
  counters.generation = 1;
  for (std::size_t i = 0; i < count; ++i) {
    counters.methods.emplace_back().path = "/shop.v1.Shop/Method" + std::to_string(i);
  }
  return counters;
}

struct Requests {
  explicit Requests(const ServerCounters& counters) {
    const Resource resource = Resource::of_process("shop", "1");
    const Source::Send send = [this](std::string_view request, std::size_t items) {
      all.emplace_back(request);
      points += items;
    };
    MetricRequests requests(resource, {}, std::chrono::system_clock::now(), send);
    write_metrics(requests, counters);
    requests.finish();
  }

  std::vector<std::string> all;
  std::size_t points = 0;
};

TEST(MetricRequestsTest, FewMetricsAreOneRequest) {
  const Requests requests(with_methods(1));
  ASSERT_EQ(requests.all.size(), 1U);
  for (const std::string_view part : {"service.name", "shop", "grpc_server_started_total", "shop.v1.Shop", "Method0",
                                      "grpc_server_handling_seconds", "process_resident_memory_bytes"}) {
    EXPECT_NE(requests.all[0].find(part), std::string::npos) << part;
  }
}

TEST(MetricRequestsTest, ManyMetricsAreSeveralThatACollectorTakes) {
  const std::size_t of_none = Requests(with_methods(0)).points;
  const std::size_t of_one = Requests(with_methods(1)).points - of_none;
  constexpr std::size_t methods = 3000;
  const Requests requests(with_methods(methods));
  EXPECT_GT(requests.all.size(), 3U);
  EXPECT_EQ(requests.points, of_none + methods * of_one) << "none is missing";
  for (const std::string& request : requests.all) {
    EXPECT_LT(request.size(), MetricRequests::enough_bytes + 4096);
    EXPECT_NE(request.find("service.name"), std::string::npos) << "each says whose it is";
  }
}

struct MetricsExportTest : testing::Test {
  std::unique_ptr<Exporter> start(const std::string& endpoint) {
    MetricsOptions options;
    options.endpoint = endpoint;
    options.interval = std::chrono::hours(1);
    auto started = Exporter::start(options,
                                   source_of_metrics(options,
                                                     [this] {
                                                       ++asked;
                                                       return with_methods(methods);
                                                     }),
                                   [this](LogLevel, const std::string& text) {
                                     const std::lock_guard lock(mutex);
                                     lines.push_back(text);
                                   });
    EXPECT_TRUE(started.ok());
    return std::move(started).value();
  }

  std::size_t methods = 1;
  std::atomic<int> asked = 0;
  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST_F(MetricsExportTest, SendsWhatIsCountedWhenItGoesAway) {
  FakeCollector collector(metrics_export_path);
  auto exporter = start(collector.address);
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return collector.requests == 1; }));
  exporter.reset();
  EXPECT_EQ(collector.requests, 2);
  EXPECT_EQ(asked, 2);
}

TEST_F(MetricsExportTest, SendsTheRestToNobodyWhoRefusesTheFirst) {
  FakeCollector collector(metrics_export_path);
  collector.answers({rpc::StatusCode::permission_denied, "who are you?"});
  methods = 3000;
  const auto exporter = start(collector.address);
  exporter->wake();
  const std::size_t points = Requests(with_methods(methods)).points;
  EXPECT_TRUE(eventually([&] { return exporter->dropped() == points; }));
  EXPECT_EQ(collector.requests, 1);
  collector.answers({});
  exporter->wake();
  EXPECT_TRUE(eventually([&] { return exporter->exported() == points; })) << "all of it comes again";
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return lines.size() == 2;
  }));
  EXPECT_NE(lines[0].find("does not take points: PERMISSION_DENIED: who are you?"), std::string::npos);
  EXPECT_NE(lines[1].find("takes points again"), std::string::npos);
}

TEST(MetricSourceTest, AsksNobodyWhoHasGoneOrHasNotStarted) {
  int asked = 0;
  ServerCounters counters;
  const auto source = source_of_metrics({}, [&] {
    ++asked;
    return counters;
  });
  int sent = 0;
  const Source::Send send = [&](std::string_view, std::size_t) { ++sent; };
  source->take(send);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(sent, 0) << "it has not started";
  counters.generation = 1;
  source->take(send);
  EXPECT_EQ(sent, 1);
  source->close();
  source->take(send);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace wasm_grpc::observe::otlp
