// What is made of the table says what the table says.
#include "config/documents.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "reading.h"

namespace wasm_grpc::config::test {
namespace {

TEST(SettingsDocument, IsTheOneInTheTree) {
  std::ifstream file(SETTINGS_DOCUMENT);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text == settings_document())
      << "docs/settings.md is not what the table of settings says: wasm-grpc schema --markdown > docs/settings.md";
}

TEST(Sample, SetsNothingButAModule) {
  const Reading reading = read_text(sample_config("m.wasm"));
  ASSERT_TRUE(reading.ok()) << reading.problems.front();
  EXPECT_EQ(reading.config->modules.size(), 1U);
  EXPECT_EQ(reading.config->modules.front().path, "m.wasm");
}

/// The sample with all its settings said.
std::string without_comments(const std::string& sample) {
  std::istringstream lines(sample);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#") && !line.starts_with("# ") && line.find("from-env") == std::string::npos &&
        !line.starts_with("#methods") && !line.ends_with("= \"\"")) {
      line.erase(0, 1);
    }
    text += line + "\n";
  }
  return text;
}

TEST(Sample, SaysTheDefaultOfEachSetting) {
  const std::string sample = sample_config("m.wasm");
  const std::string text = without_comments(sample);
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (setting.only_within) continue;
      EXPECT_NE(sample.find("\n#" + std::string(setting.key) + " = "), std::string::npos) << setting.name();
    }
  }
  const Reading reading = read_text(text);
  ASSERT_TRUE(reading.ok()) << reading.problems.front() << "\n" << text;
  const Reading plain = read_text(one_module);
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (setting.key == "kept-slot-memory") continue;  // of which the default depends
      if (setting.config) {
        EXPECT_EQ(setting.config.get(*reading.config), setting.config.get(*plain.config)) << setting.name();
      }
      if (setting.module && !setting.config) {
        EXPECT_EQ(setting.module.get(reading.config->modules.front()),
                  setting.module.get(plain.config->modules.front()))
            << setting.name();
      }
    }
  }
}

TEST(Schema, HasEachSettingWhereItMayBeSaid) {
  const auto schema_json = nlohmann::json::parse(schema());
  const auto in = [](const nlohmann::json& object, const Setting& setting) {
    const auto& properties = object.at("properties");
    const nlohmann::json& table =
        setting.table.empty() ? properties : properties.at(std::string(setting.table)).at("properties");
    return table.contains(std::string(setting.key));
  };
  const auto& module = schema_json.at("properties").at("module").at("items");
  const auto& target = schema_json.at("properties").at("target").at("items");
  const auto& grant = module.at("properties").at("targets").at("additionalProperties");
  const auto& method = module.at("properties").at("methods").at("additionalProperties");
  const auto& listen = schema_json.at("properties").at("listen").at("anyOf").back().at("items");
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      SCOPED_TRACE(setting.name());
      if (!setting.only_within) {
        EXPECT_TRUE(in(schema_json, setting));
      }
      if (setting.module) {
        EXPECT_TRUE(in(module, setting));
      }
      if (setting.listen) {
        EXPECT_TRUE(in(listen, setting));
      }
      if (setting.target) {
        EXPECT_TRUE(in(target, setting));
      }
      if (setting.grant) {
        EXPECT_TRUE(in(grant, setting));
      }
      if (setting.method) {
        EXPECT_TRUE(in(method, setting));
      }
    }
  }
  EXPECT_EQ(schema_json.at("additionalProperties"), false);
  EXPECT_EQ(module.at("required"), nlohmann::json::array({"path"}));
}

TEST(TomlText, HasNoValuesOfVariables) {
  const Setting& env = *find_setting("env");
  EXPECT_EQ(toml_text(env, Variables{{"TOKEN", "hunter2"}}), "{ \"TOKEN\" = \"...\" }");
}

}  // namespace
}  // namespace wasm_grpc::config::test
