// What holds for each row of the table of settings.
#include <gtest/gtest.h>

#include <set>

#include "config/setting.h"

namespace wasm_grpc::config::test {
namespace {

template <typename Function>
void for_each_setting(const Function& function) {
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      SCOPED_TRACE(setting.name());
      function(setting);
    }
  }
}

/// The part of the file that has names of its own.
std::string level_of(const Setting& setting) { return setting.target ? "target" : setting.grant ? "grant" : ""; }

TEST(Settings, HaveNamesOfTheirOwn) {
  std::set<std::pair<std::string, std::string>> names;
  std::set<std::string_view> tables;
  std::set<std::string_view> keys_at_top;
  for_each_setting([&](const Setting& setting) {
    EXPECT_TRUE(names.emplace(setting.name(), level_of(setting)).second);
    EXPECT_EQ(setting.name().find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
    if (!setting.only_within) {
      EXPECT_EQ(find_setting(setting.name()), &setting);
    }
    if (setting.target || setting.grant) return;
    if (!setting.table.empty()) tables.insert(setting.table);
    if (setting.table.empty()) keys_at_top.insert(setting.key);
  });
  for (const std::string_view table : tables) EXPECT_FALSE(keys_at_top.contains(table)) << table;
  EXPECT_EQ(find_setting("path"), nullptr) << "a flag cannot name all modules' path";
  EXPECT_EQ(find_setting(""), nullptr);
}

TEST(Settings, GoSomewhereAndAreSaid) {
  for_each_setting([](const Setting& setting) {
    EXPECT_TRUE(setting.config || setting.module || setting.listen || setting.target || setting.grant);
    EXPECT_FALSE(setting.help.empty());
    EXPECT_FALSE(setting.help.ends_with('.')) << "--help has no full stops";
    EXPECT_FALSE(setting.docs.empty());
    EXPECT_EQ(setting.argument.empty(), setting.kind == Kind::boolean);
    EXPECT_EQ(setting.choices.empty(), setting.kind != Kind::choice);
    if (setting.only_within) {
      EXPECT_FALSE(setting.config);
    }
  });
}

TEST(Settings, HaveDefaultsThatTheyWouldTake) {
  for_each_setting([](const Setting& setting) {
    const Value value = default_of(setting);
    if (!is_number(setting.kind) || std::holds_alternative<std::monostate>(value)) return;
    EXPECT_TRUE(check_number(setting, std::get<std::int64_t>(value)).ok());
  });
}

/// A value other than the default.
Value another_value(const Setting& setting) {
  const Value value = default_of(setting);
  if (const auto* boolean = std::get_if<bool>(&value)) return !*boolean;
  if (setting.kind == Kind::choice) return std::get<std::int64_t>(value) == 0 ? std::int64_t{1} : std::int64_t{0};
  if (is_number(setting.kind)) {
    const auto* number = std::get_if<std::int64_t>(&value);
    return number == nullptr || *number != setting.range.least ? setting.range.least : setting.range.least + 1;
  }
  if (setting.kind == Kind::fraction) return 0.5;
  if (setting.kind == Kind::directories) return Directories{{"/a", "/b", true}};
  if (setting.kind == Kind::variables) return Variables{{"A", "b"}};
  if (is_list(setting.kind)) {
    const bool takes_any = setting.check == nullptr || setting.check("a").ok() || !setting.check("ABORTED").ok();
    return std::vector<std::string>{takes_any ? "a" : "ABORTED"};
  }
  return std::string("a");
}

TEST(Settings, GoWhereTheyAreReadFrom) {
  for_each_setting([](const Setting& setting) {
    const Value value = another_value(setting);
    if (setting.config) {
      Config config;
      setting.config.set(config, value);
      EXPECT_EQ(setting.config.get(config), value);
    }
    if (setting.module) {
      ModuleConfig module;
      setting.module.set(module, value);
      EXPECT_EQ(setting.module.get(module), value);
    }
    if (setting.listen) {
      ListenConfig listen;
      setting.listen.set(listen, value);
      EXPECT_EQ(setting.listen.get(listen), value);
    }
    if (setting.target) {
      TargetOptions target;
      setting.target.set(target, value);
      EXPECT_EQ(setting.target.get(target), value);
    }
    if (setting.grant) {
      TargetGrant grant;
      setting.grant.set(grant, value);
      EXPECT_EQ(setting.grant.get(grant), value);
    }
    if (setting.method) {
      MethodOptions method;
      setting.method.set(method, value);
      EXPECT_EQ(setting.method.get(method), value);
    }
  });
}

TEST(Settings, EachHaveAPlaceOfTheirOwn) {
  for_each_setting([](const Setting& setting) {
    if (!setting.config) return;
    Config config;
    setting.config.set(config, another_value(setting));
    for_each_setting([&](const Setting& other) {
      if (&other != &setting && other.config) {
        EXPECT_EQ(other.config.get(config), other.config.get(Config()));
      }
    });
  });
  for_each_setting([](const Setting& setting) {
    if (!setting.module) return;
    ModuleConfig module;
    setting.module.set(module, another_value(setting));
    for_each_setting([&](const Setting& other) {
      if (&other != &setting && other.module) {
        EXPECT_EQ(other.module.get(module), other.module.get(ModuleConfig()));
      }
    });
  });
}

TEST(NeedRestart, NamesWhatARunningServerCannotChange) {
  Config running;
  Config next;
  EXPECT_TRUE(need_restart(running, next).empty());
  next.server.workers = 3;
  next.listen.front().address = "127.0.0.1:1";
  next.module_defaults.options.guests->max_stack_bytes = 1 << 20;  // of modules: they may
  EXPECT_EQ(need_restart(running, next), (std::vector<std::string>{"listen", "workers"}));
  next = running;
  next.server.targets.push_back({.name = "payments", .address = "module:payments"});
  next.module_defaults.options.targets.push_back({.target = "payments"});  // of modules: they may
  EXPECT_EQ(need_restart(running, next), (std::vector<std::string>{"target"}));
}

}  // namespace
}  // namespace wasm_grpc::config::test
