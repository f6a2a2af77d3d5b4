// The JSON Schema of the config file.
#include <map>
#include <nlohmann/json.hpp>

#include "config/documents.h"

namespace wasm_grpc::config {

namespace {

using Json = nlohmann::ordered_json;

Json text_schema() { return {{"type", "string"}}; }

Json list_schema(const Json& element) { return {{"anyOf", {element, {{"type", "array"}, {"items", element}}}}}; }

Json number_schema(const Setting& setting) {
  Json number = {{"type", "integer"}, {"minimum", setting.range.least}};
  if (setting.range.most != Range().most) number["maximum"] = setting.range.most;
  if (setting.kind == Kind::bytes) {
    return {{"anyOf", {number, {{"type", "string"}, {"pattern", "^[0-9]+( ?(KiB|MiB|GiB|TiB))?$"}}}}};
  }
  if (setting.kind == Kind::time) {
    return {{"anyOf", {number, {{"type", "string"}, {"pattern", "^[0-9]+( ?(ms|s|min|h|d))?$"}}}}};
  }
  return number;
}

/// Of an environment: a text, or where one comes from.
Json variables_schema() {
  const auto only = [](const char* key) {
    return Json{{"type", "object"},
                {"properties", {{key, text_schema()}}},
                {"required", {key}},
                {"additionalProperties", false}};
  };
  return {{"type", "object"}, {"additionalProperties", {{"anyOf", {text_schema(), only("file"), only("from-env")}}}}};
}

Json value_schema(const Setting& setting) {
  switch (setting.kind) {
    case Kind::boolean:
      return {{"type", "boolean"}};
    case Kind::count:
    case Kind::percent:
    case Kind::bytes:
    case Kind::time:
      return number_schema(setting);
    case Kind::fraction:
      return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
    case Kind::choice: {
      Json choices = Json::array();
      for (const std::string_view choice : setting.choices) choices.push_back(choice);
      return {{"enum", choices}};
    }
    case Kind::text:
    case Kind::path:
    case Kind::address:
      return text_schema();
    case Kind::texts:
    case Kind::paths:
    case Kind::addresses:
    case Kind::directories:
      return list_schema(text_schema());
    case Kind::variables:
      return variables_schema();
  }
  return {};
}

Json setting_schema(const Setting& setting) {
  Json out = value_schema(setting);
  out["description"] = setting.help;
  const Value value = default_of(setting);
  if (const auto* boolean = std::get_if<bool>(&value)) {
    out["default"] = *boolean;
  } else if (const auto* fraction = std::get_if<double>(&value)) {
    out["default"] = *fraction;
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (setting.kind == Kind::choice) {
      out["default"] = setting.choices[static_cast<std::size_t>(*number)];
    } else {
      out["default"] = *number;
    }
  }
  return out;
}

/// A table of the settings that `takes` says may be in it.
template <typename Takes>
Json level_schema(const Takes& takes) {
  Json properties = Json::object();
  for (const Group* group : groups()) {
    for (const Setting& setting : group->settings) {
      if (!takes(setting)) continue;
      if (setting.table.empty()) {
        properties[std::string(setting.key)] = setting_schema(setting);
        continue;
      }
      Json& table = properties[std::string(setting.table)];
      if (table.is_null())
        table = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
      table["properties"][std::string(setting.key)] = setting_schema(setting);
    }
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

}  // namespace

std::string schema() {
  Json module = level_schema([](const Setting& setting) { return static_cast<bool>(setting.module); });
  module["required"] = {"path"};
  const Json grant = level_schema([](const Setting& setting) { return static_cast<bool>(setting.grant); });
  module["properties"]["targets"] = {{"type", "object"},
                                     {"description", "Whom it may call, by the names of targets"},
                                     {"additionalProperties", grant}};
  const Json method = level_schema([](const Setting& setting) { return static_cast<bool>(setting.method); });
  module["properties"]["methods"] = {{"type", "object"},
                                     {"description", "What holds for some of its methods, by their paths"},
                                     {"propertyNames", {{"pattern", "^/"}}},
                                     {"additionalProperties", method}};
  Json target = level_schema([](const Setting& setting) { return static_cast<bool>(setting.target); });
  target["required"] = {"name", "address"};
  Json listen = level_schema([](const Setting& setting) { return static_cast<bool>(setting.listen); });
  listen["required"] = {"address"};
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "The config file of wasm-grpc"}};
  root.update(level_schema([](const Setting& setting) { return !setting.only_within; }));
  Json& properties = root["properties"];
  properties["module"] = {{"type", "array"}, {"items", module}};
  properties["target"] = {{"type", "array"}, {"items", target}};
  properties["listen"]["anyOf"].push_back({{"type", "array"}, {"items", listen}});
  return root.dump(2) + "\n";
}

}  // namespace wasm_grpc::config
