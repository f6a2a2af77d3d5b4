#include "admin/page/status_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "admin/page/html.h"
#include "admin/status_json.h"

namespace wasm_grpc::admin {
namespace {

// What modules, guests and clients name, at its worst.
constexpr const char* evil = "</script><img src=x onerror=alert(1)>\"'&{{nonce}}{{content}}";

View view_of(const ServerCounters& counters, std::vector<observe::RecentLine> lines = {}) {
  View view;
  view.counters = [counters] { return counters; };
  view.readiness = [] { return Readiness::ready; };
  view.recent_lines = [lines] { return lines; };
  view.limits = [](const ServerCounters&) {
    return std::vector<LimitUse>{{"instances", 95, 100, false}, {"memory of guests", 0, 0, true}};
  };
  view.workers = 1;
  view.started = std::chrono::system_clock::now() - std::chrono::minutes(5);
  return view;
}

ServerCounters one_method() {
  ServerCounters counters;
  MethodCounters method;
  method.path = "/a.B/C";
  method.module = "m";
  method.started = 3;
  method.ended[0] = 1;
  method.ended[13] = 1;
  method.handling = {{{0.0019, 0.002, 2}}, 2, 0.004};
  counters.methods.push_back(method);
  ModuleCounters module;
  module.name = "m";
  module.instances_alive = 3;
  module.instances_idle = 1;
  module.failures = {{"trap", 1}, {"exit", 0}};
  counters.modules.push_back(module);
  return counters;
}

TEST(StatusPageTest, WhatGuestsSayIsTextAndNothingElse) {
  ServerCounters counters = one_method();
  counters.methods[0].module = evil;
  counters.modules[0].name = evil;
  observe::RecentLine line{std::chrono::system_clock::now(), LogLevel::error, evil, std::string(evil) + "\n" + evil};
  const std::string page = status_page(view_of(counters, {line}), "0123");
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("</script>"), page.rfind("</script>")) << "there is one script, and it is ours";
  EXPECT_NE(page.find("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;{{nonce}}{{content}}"),
            std::string::npos);
  EXPECT_NE(page.find("<script nonce=\"0123\">"), std::string::npos);
}

TEST(StatusPageTest, SaysWhatThereIsWithoutScripts) {
  const std::string page = status_page(view_of(one_method()), "0");
  for (const char* said :
       {"<tr data-path=\"/a.B/C\">", "1 trap", "None so far.", "up <span", "2.00 ms", "95", "no limit"}) {
    EXPECT_NE(page.find(said), std::string::npos) << said;
  }
  EXPECT_NE(page.find("class=\"bar full\""), std::string::npos) << "a limit that is near stands out";
}

class NoTrials final : public Trials {
 public:
  [[nodiscard]] std::vector<Method> methods() const override { return {}; }
  [[nodiscard]] std::optional<std::string> example(std::string_view) const override { return std::nullopt; }
  [[nodiscard]] Result<Cancel> begin(const Attempt&, Done) override { return Error{"none"}; }
};

TEST(StatusPageTest, HasAFormWhereMethodsMayBeTried) {
  View view = view_of(one_method());
  EXPECT_EQ(status_page(view, "0").find("id=\"try\""), std::string::npos);
  view.trials = std::make_shared<NoTrials>();
  EXPECT_NE(status_page(view, "0").find("<section id=\"try\" class=\"live-only\">"), std::string::npos)
      << "it needs the script";
}

TEST(StatusJsonTest, HasTheSameInNumbers) {
  const auto status = nlohmann::json::parse(status_json(view_of(one_method())));
  const auto& method = status.at("methods").at(0);
  EXPECT_EQ(method.at("started"), 3);
  EXPECT_EQ(method.at("in_progress"), 1);
  EXPECT_EQ(method.at("ended").at("Internal"), 1);
  EXPECT_EQ(method.at("buckets"), nlohmann::json({0.002, 2}));
  EXPECT_EQ(status.at("modules").at(0).at("busy"), 2);
  EXPECT_EQ(status.at("state"), "ready");
}

TEST(StatusJsonTest, BytesThatAreNoTextAreReplaced) {
  ServerCounters counters = one_method();
  counters.modules[0].name = "a\xff";
  EXPECT_EQ(nlohmann::json::parse(status_json(view_of(counters))).at("modules").at(0).at("name"), "a\xef\xbf\xbd");
}

TEST(HtmlTest, NumbersAreShort) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(0.123), "0.12");
  EXPECT_EQ(count_text(12), "12");
  EXPECT_EQ(count_text(9999), "9999");
  EXPECT_EQ(count_text(87'432), "87.4 k");
  EXPECT_EQ(count_text(1.25e6), "1.25 M");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(1.5 * 1024 * 1024), "1.50 MiB");
  EXPECT_EQ(duration_text(0), "–");
  EXPECT_EQ(duration_text(12.3e-6), "12.3 µs");
  EXPECT_EQ(duration_text(0.00123), "1.23 ms");
  EXPECT_EQ(duration_text(2.5), "2.50 s");
  EXPECT_EQ(age_text(59), "59 s");
  EXPECT_EQ(age_text(3 * 3600), "3 h");
}

}  // namespace
}  // namespace wasm_grpc::admin
