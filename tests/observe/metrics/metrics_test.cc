#include "wasm_grpc/metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <sstream>
#include <string>

#include "observe/metrics/client_meters.h"
#include "observe/metrics/method_meters.h"

namespace wasm_grpc::observe {
namespace {

// Each sample by its name and labels.
std::map<std::string, double> samples(const std::string& text) {
  std::map<std::string, double> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t space = line.rfind(' ');
    EXPECT_TRUE(found.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << "twice: " << line;
  }
  return found;
}

std::string method_labels(const std::string& type = "unary") {
  return "{grpc_type=\"" + type + "\",grpc_service=\"a.B\",grpc_method=\"C\"";
}

ServerCounters of(const MethodMeters& meters) {
  ServerCounters counters;
  counters.methods = meters.counters();
  return counters;
}

TEST(MetricsTest, AllSeriesOfAMethodAreAtZeroFromTheBeginning) {
  MethodMeters meters(2);
  static_cast<void>(meters.open(0, "/a.B/C", rpc::MethodKind::bidi_stream, "m"));
  const auto found = samples(metrics_text(of(meters)));
  const std::string labels = method_labels("bidi_stream");
  for (const std::string name : {"started", "msg_received", "msg_sent"}) {
    ASSERT_TRUE(found.contains("grpc_server_" + name + "_total" + labels + "}")) << name;
    EXPECT_EQ(found.at("grpc_server_" + name + "_total" + labels + "}"), 0);
  }
  for (const std::string code : {"OK", "Canceled", "DeadlineExceeded", "Unauthenticated"}) {
    EXPECT_EQ(found.at("grpc_server_handled_total" + labels + ",grpc_code=\"" + code + "\"}"), 0) << code;
  }
  for (const std::string bound :
       {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}) {
    EXPECT_EQ(found.at("grpc_server_handling_seconds_bucket" + labels + ",le=\"" + bound + "\"}"), 0) << bound;
  }
  EXPECT_EQ(found.at("grpc_server_handling_seconds_count" + labels + "}"), 0);
}

TEST(MetricsTest, CallsThatGuestsMakeAreCountedByModuleTargetAndMethod) {
  ClientMeters meters(2);
  for (std::size_t worker = 0; worker < 2; ++worker) {
    rpc::MethodMeter& meter = meters.of(worker, "m", "payments", "/a.B/C", rpc::MethodKind::unary);
    ++meter.started;
    ++meter.ended[14];
    meter.messages_sent += 2;
    meter.handling.record(std::chrono::milliseconds(3));
  }
  ServerCounters counters;
  counters.outgoing = meters.counters();
  auto found = samples(metrics_text(counters));
  const std::string labels = method_labels() + ",module=\"m\",target=\"payments\"";
  EXPECT_EQ(found.at("grpc_client_started_total" + labels + "}"), 2);
  EXPECT_EQ(found.at("grpc_client_handled_total" + labels + ",grpc_code=\"Unavailable\"}"), 2);
  EXPECT_EQ(found.at("grpc_client_msg_sent_total" + labels + "}"), 4);
  EXPECT_EQ(found.at("grpc_client_handling_seconds_count" + labels + "}"), 2);

  for (int i = 0; i < 200; ++i) {
    ++meters.of(0, "m", "payments", "/a.B/C" + std::to_string(i), rpc::MethodKind::unary).started;
  }
  counters.outgoing = meters.counters();
  EXPECT_EQ(counters.outgoing.size(), ClientMeters::most_paths + 1) << "guests say which there are";
  found = samples(metrics_text(counters));
  EXPECT_EQ(found.at("grpc_client_started_total{grpc_type=\"unary\",grpc_service=\"other\",grpc_method=\"other\","
                     "module=\"m\",target=\"payments\"}"),
            101);
}

TEST(MetricsTest, WhatWorkersCountAddsUp) {
  MethodMeters meters(2);
  for (std::size_t worker = 0; worker < 2; ++worker) {
    rpc::MethodMeter& meter = meters.open(worker, "/a.B/C", rpc::MethodKind::unary, "m");
    meter.started += 2;
    ++meter.ended[0];
    ++meter.ended[4];
    meter.messages_received += 2;
    ++meter.messages_sent;
    meter.guest_nanoseconds += 500'000'000;
    meter.handling.record(std::chrono::milliseconds(5));
    meter.handling.record(std::chrono::milliseconds(6));
  }
  const auto found = samples(metrics_text(of(meters)));
  EXPECT_EQ(found.at("grpc_server_started_total" + method_labels() + "}"), 4);
  EXPECT_EQ(found.at("grpc_server_handled_total" + method_labels() + ",grpc_code=\"OK\"}"), 2);
  EXPECT_EQ(found.at("grpc_server_handled_total" + method_labels() + ",grpc_code=\"DeadlineExceeded\"}"), 2);
  EXPECT_EQ(found.at("grpc_server_msg_received_total" + method_labels() + "}"), 4);
  EXPECT_EQ(found.at("grpc_server_handling_seconds_bucket" + method_labels() + ",le=\"0.0025\"}"), 0);
  EXPECT_EQ(found.at("grpc_server_handling_seconds_bucket" + method_labels() + ",le=\"0.005\"}"), 2);
  EXPECT_EQ(found.at("grpc_server_handling_seconds_bucket" + method_labels() + ",le=\"0.01\"}"), 4);
  EXPECT_NEAR(found.at("grpc_server_handling_seconds_sum" + method_labels() + "}"), 0.022, 1e-9);
  EXPECT_EQ(found.at("wasm_grpc_guest_cpu_seconds_total" + method_labels() + "}"), 1);
}

TEST(MetricsTest, FineBucketsGrowByLessThanFivePercentAndHaveGoGrpcsAmongThem) {
  MethodMeters meters(1);
  static_cast<void>(meters.open(0, "/a.B/C", rpc::MethodKind::unary, "m"));
  const auto found = samples(metrics_text(of(meters), MetricsFormat::prometheus, MetricsBuckets::fine));
  std::map<double, int> bounds;
  const std::string begin = "grpc_server_handling_seconds_bucket" + method_labels() + ",le=\"";
  for (const auto& [name, value] : found) {
    if (name.starts_with(begin)) ++bounds[std::stod(name.substr(begin.size()))];
  }
  double before = 0;
  for (const auto& [bound, count] : bounds) {
    EXPECT_EQ(count, 1);
    if (before > 0 && std::isfinite(bound)) {
      EXPECT_LE(bound / before, 1.0443);
    }
    before = bound;
  }
  for (const double named : {0.00001, .005, .01, .025, .05, .1, .25, .5, 1., 2.5, 5., 10.}) {
    EXPECT_TRUE(bounds.contains(named)) << named;
  }
}

TEST(MetricsTest, AMethodThatIsServedAgainGoesOnCounting) {
  MethodMeters meters(1);
  ++meters.open(0, "/a.B/C", rpc::MethodKind::unary, "old").started;
  rpc::MethodMeter& meter = meters.open(0, "/a.B/C", rpc::MethodKind::unary, "new");
  ++meter.started;
  meters.close("/a.B/C");
  ASSERT_EQ(meters.counters().size(), 1u);
  EXPECT_EQ(meters.counters()[0].started, 2u);
  EXPECT_EQ(meters.counters()[0].module, "new");
  meters.close("/a.B/C");
  EXPECT_EQ(meters.counters().size(), 1u) << "calls are still in progress";
  meter.ended[0] += 2;
  EXPECT_TRUE(meters.counters().empty());
  static_cast<void>(meters.open(0, "/a.B/C", rpc::MethodKind::unary, "newer"));
  EXPECT_EQ(meters.counters()[0].started, 2u);
}

TEST(MetricsTest, NamesOfModulesAreWrittenSafely) {
  ServerCounters counters;
  ModuleCounters module;
  module.name = "a\"b\\c\nd";
  module.failures.push_back({"stack overflow", 3});
  counters.modules.push_back(module);
  const std::string text = metrics_text(counters);
  EXPECT_NE(text.find("wasm_grpc_guest_failures_total{module=\"a\\\"b\\\\c\\nd\",reason=\"stack_overflow\"} 3\n"),
            std::string::npos)
      << text;
}

TEST(MetricsTest, TellsOfStoresThatAreNotInMemory) {
  EXPECT_EQ(metrics_text({}).find("wasm_grpc_store"), std::string::npos) << "there is none";
  ServerCounters counters;
  StoreCounters store;
  store.module = "m";
  store.sets = 3;
  store.given_up = 2;
  store.value_bytes_written = 700;
  counters.stores.push_back(store);
  const auto found = samples(metrics_text(counters));
  EXPECT_EQ(found.at("wasm_grpc_store_operations_total{module=\"m\",operation=\"set\"}"), 3);
  EXPECT_EQ(found.at("wasm_grpc_store_operations_total{module=\"m\",operation=\"get\"}"), 0);
  EXPECT_EQ(found.at("wasm_grpc_store_unavailable_total{module=\"m\",reason=\"given_up\"}"), 2);
  EXPECT_EQ(found.at("wasm_grpc_store_written_bytes_total{module=\"m\"}"), 700);
  EXPECT_EQ(found.at("wasm_grpc_store_operation_seconds_count{module=\"m\"}"), 0);
}

TEST(MetricsTest, OpenMetricsNamesFamiliesWithoutTotalAndHasAnEnd) {
  const std::string text = metrics_text({}, MetricsFormat::open_metrics);
  EXPECT_NE(text.find("# TYPE wasm_grpc_connections_accepted counter\nwasm_grpc_connections_accepted_total 0\n"),
            std::string::npos);
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  const std::string prometheus = metrics_text({});
  EXPECT_NE(prometheus.find("# TYPE wasm_grpc_connections_accepted_total counter\n"), std::string::npos);
  EXPECT_EQ(prometheus.find("# EOF"), std::string::npos);
}

TEST(MetricsTest, TellsOfTheProcess) {
  const auto found = samples(metrics_text({}));
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_GT(found.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(found.at("process_threads"), 1);
  EXPECT_GE(found.at("process_open_fds"), 3);
  EXPECT_NEAR(found.at("process_start_time_seconds"), now, 3600);
  EXPECT_GE(found.at("process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace wasm_grpc::observe
