#include "openapi/part.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "openapi/comments.h"
#include "openapi/paths.h"
#include "openapi/schemas.h"

namespace wasm_grpc::openapi {

namespace pb = google::protobuf;

namespace {

std::string text_of(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }

/// Each line of it by so many more spaces. Line ends are those of the layout: strings have none.
std::string indented(const std::string& text, std::size_t spaces) {
  const std::string indent(spaces, ' ');
  std::string out = indent;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += indent;
  }
  return out;
}

std::string member(const std::string& key, const Json& value, std::size_t spaces) {
  return indented(text_of(key) + ": " + text_of(value), spaces);
}

using Members = std::map<std::string_view, std::string_view>;

/// Those of all parts; false where two have one that may not be.
bool gather(std::span<const Part* const> parts, std::map<std::string, std::string> Part::* of, bool may_be_same,
            Members& all) {
  for (const Part* part : parts) {
    for (const auto& [key, text] : part->*of) {
      const auto [place, is_new] = all.try_emplace(key, text);
      if (!is_new && (!may_be_same || place->second != text)) return false;
    }
  }
  return true;
}

void append(std::string& out, const Members& members) {
  std::string_view between;
  for (const auto& [key, text] : members) {
    out.append(between).append(text);
    between = ",\n";
  }
}

}  // namespace

Part part_of(std::span<const pb::ServiceDescriptor* const> services) {
  std::vector<const pb::ServiceDescriptor*> ordered(services.begin(), services.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  Part part;
  Schemas schemas;
  Paths paths(schemas);
  for (const pb::ServiceDescriptor* service : ordered) {
    Json tag = {{"name", service->full_name()}};
    if (const std::string comment = comment_of(*service); !comment.empty()) tag["description"] = comment;
    part.tags.emplace(service->full_name(), indented(text_of(tag), 4));
    for (int i = 0; i < service->method_count(); ++i) paths.add(*service->method(i));
  }
  part.shapes = paths.shapes();
  for (const auto& [path, operations] : paths.take()) part.paths.emplace(path, member(path, operations, 4));
  for (const auto& [name, schema] : schemas.take()) part.schemas.emplace(name, member(name, schema, 6));
  return part;
}

std::optional<std::string> join(std::span<const Part* const> parts, const About& about) {
  std::set<std::string_view> shapes;
  for (const Part* part : parts) {
    for (const std::string& shape : part->shapes) {
      if (!shapes.insert(shape).second) return std::nullopt;
    }
  }
  Members tags, paths, schemas;
  if (!gather(parts, &Part::tags, false, tags) || !gather(parts, &Part::paths, false, paths) ||
      !gather(parts, &Part::schemas, true, schemas)) {
    return std::nullopt;
  }
  std::string out = "{\n  \"openapi\": \"3.1.0\",\n" +
                    member("info", {{"title", about.title}, {"version", about.version}}, 2) + ",\n";
  if (!tags.empty()) {
    out += "  \"tags\": [\n";
    append(out, tags);
    out += "\n  ],\n";
  }
  if (paths.empty()) {
    out += "  \"paths\": {}";
  } else {
    out += "  \"paths\": {\n";
    append(out, paths);
    out += "\n  }";
  }
  if (!schemas.empty()) {
    out += ",\n  \"components\": {\n    \"schemas\": {\n";
    append(out, schemas);
    out += "\n    }\n  }";
  }
  return out + "\n}\n";
}

}  // namespace wasm_grpc::openapi
