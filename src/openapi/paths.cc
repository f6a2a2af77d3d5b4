#include "openapi/paths.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "facade/rest/url_text.h"
#include "openapi/comments.h"

namespace wasm_grpc::openapi {

namespace pb = google::protobuf;
using facade::rest::HttpRule;
using facade::rest::PathTemplate;

namespace {

// Messages may be nested without end: more parameters than this are not listed, nor deeper ones.
constexpr std::size_t most_parameters = 200;
constexpr std::size_t deepest_parameter = 5;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view stream_type = "application/x-ndjson";

/// "get" of "GET"; empty for what OpenAPI does not know. A rule for any method is shown as the one that suits it.
std::string operation_name(const HttpRule& rule) {
  if (rule.http_method == "*") return rule.body.empty() ? "get" : "post";
  constexpr std::array known = {"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"};
  if (std::find(known.begin(), known.end(), rule.http_method) == known.end()) return "";
  std::string name = rule.http_method;
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

Json content(std::string_view type, Json schema) { return {{std::string(type), {{"schema", std::move(schema)}}}}; }

/// The field of a path of names of the .proto file or JSON; nullptr when there is none.
const pb::FieldDescriptor* find_field(const pb::Descriptor* type, std::string_view path) {
  const pb::FieldDescriptor* field = nullptr;
  while (!path.empty()) {
    if (type == nullptr) return nullptr;
    const std::string name(path.substr(0, path.find('.')));
    field = type->FindFieldByName(name);
    for (int i = 0; field == nullptr && i < type->field_count(); ++i) {
      if (type->field(i)->json_name() == name) field = type->field(i);
    }
    if (field == nullptr) return nullptr;
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    type = field->message_type();
  }
  return field;
}

/// Whether a query can say the field.
bool is_parameter(const pb::FieldDescriptor& field) {
  if (field.message_type() == nullptr) return true;
  const std::string& name = field.message_type()->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration" ||
         name == "google.protobuf.FieldMask" ||
         (name.starts_with("google.protobuf.") && name.ends_with("Value") && name != "google.protobuf.Value" &&
          name != "google.protobuf.ListValue");
}

}  // namespace

void Paths::add(const pb::MethodDescriptor& method) {
  if (const auto rules = facade::rest::http_rules(method); rules.ok()) {
    std::size_t number = 0;
    for (const HttpRule& rule : rules.value()) add_rule(method, rule, ++number);
  }
  if (!method.client_streaming() && !method.server_streaming()) add_connect(method);
}

Json Paths::operation(const pb::MethodDescriptor& method, const std::string& id) {
  Json operation = {{"tags", Json::array({method.service()->full_name()})}, {"operationId", id}};
  if (const std::string comment = comment_of(method); !comment.empty()) operation["description"] = comment;
  if (method.options().deprecated()) operation["deprecated"] = true;
  return operation;
}

void Paths::add_rule(const pb::MethodDescriptor& method, const HttpRule& rule, std::size_t number) {
  const std::string name = operation_name(rule);
  const auto path = facade::rest::parse_path_template(rule.path);
  if (name.empty() || !path.ok()) return;
  const Path& written = path_of(path.value());
  Json& operations = paths_.try_emplace(written.text, Json::object()).first->second;
  if (operations.contains(name)) return;

  const std::string id = method.full_name() + (number > 1 ? "_" + std::to_string(number) : "");
  Json made = operation(method, id);
  const pb::Descriptor& request = *method.input_type();
  Json parameters = path_parameters(request, path.value(), written);
  if (rule.body != "*") {
    std::vector<const pb::Descriptor*> within;
    add_query(request, "", "", rule, path.value(), within, parameters);
  }
  if (!parameters.empty()) made["parameters"] = std::move(parameters);
  const std::string_view body_type = method.client_streaming() ? stream_type : json_type;
  if (rule.body == "*") {
    made["requestBody"] = {{"content", content(body_type, schemas_.of(request))}};
  } else if (const auto* body = find_field(&request, rule.body); body != nullptr) {
    made["requestBody"] = {{"content", content(body_type, schemas_.of(*body))}};
  }
  if (method.client_streaming() && made.contains("requestBody")) {
    made["requestBody"]["description"] = "A stream: one value a line";
  }
  const auto* reply = find_field(method.output_type(), rule.response_body);
  Json schema = reply != nullptr ? schemas_.of(*reply) : schemas_.of(*method.output_type());
  const bool streams = method.server_streaming();
  const Json any = schemas_.of(*pb::DescriptorPool::generated_pool()->FindMessageTypeByName("google.protobuf.Any"));
  const Json status = schemas_.other("google.rpc.Status", {{"type", "object"},
                                                           {"properties",
                                                            {{"code", {{"type", "integer"}, {"format", "int32"}}},
                                                             {"message", {{"type", "string"}}},
                                                             {"details", {{"type", "array"}, {"items", any}}}}}});
  made["responses"] = {{"200",
                        {{"description", streams ? "A stream: one value a line" : "OK"},
                         {"content", content(streams ? stream_type : json_type, std::move(schema))}}},
                       {"default", {{"description", "An error"}, {"content", content(json_type, status)}}}};
  operations[name] = std::move(made);
}

void Paths::add_connect(const pb::MethodDescriptor& method) {
  Json& operations =
      paths_.try_emplace("/" + method.service()->full_name() + "/" + method.name(), Json::object()).first->second;
  if (operations.contains("post")) return;
  const Json error = schemas_.other(
      "connect.error",
      {{"type", "object"},
       {"description", "An error of the Connect protocol"},
       {"properties",
        {{"code",
          {{"type", "string"},
           {"enum",
            Json::array({"canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
                         "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
                         "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated"})}}},
         {"message", {{"type", "string"}}},
         {"details",
          {{"type", "array"},
           {"items",
            {{"type", "object"},
             {"properties",
              {{"type", {{"type", "string"}}}, {"value", {{"type", "string"}, {"contentEncoding", "base64"}}}}}}}}}}}});
  const Json responses = {
      {"200", {{"description", "OK"}, {"content", content(json_type, schemas_.of(*method.output_type()))}}},
      {"default", {{"description", "An error"}, {"content", content(json_type, error)}}}};
  const Json request = content(json_type, schemas_.of(*method.input_type()));
  Json post = operation(method, method.full_name() + "_connect");
  post["requestBody"] = {{"content", request}, {"required", true}};
  post["responses"] = responses;
  operations["post"] = std::move(post);
  if (method.options().idempotency_level() != pb::MethodOptions::NO_SIDE_EFFECTS || operations.contains("get")) return;
  const auto fixed = [](std::string_view name, std::string_view value) -> Json {
    return {{"name", name}, {"in", "query"}, {"required", true}, {"schema", {{"const", value}}}};
  };
  Json get = operation(method, method.full_name() + "_connect_get");
  get["parameters"] = Json::array({fixed("connect", "v1"),
                                   fixed("encoding", "json"),
                                   {{"name", "message"}, {"in", "query"}, {"required", true}, {"content", request}}});
  get["responses"] = responses;
  operations["get"] = std::move(get);
}

/// Templates of one shape are one path, with the names that the first of them has.
const Paths::Path& Paths::path_of(const PathTemplate& path) {
  PathTemplate same = path;  // OpenAPI has no ** that differs from *
  for (PathTemplate::Segment& segment : same.segments) {
    if (segment.kind == PathTemplate::Kind::rest) segment.kind = PathTemplate::Kind::one;
  }
  const auto [place, is_new] = by_shape_.try_emplace(same.shape());
  if (!is_new) return place->second;
  Path& written = place->second;
  for (std::size_t i = 0; i < path.segments.size(); ++i) {
    const PathTemplate::Segment& segment = path.segments[i];
    if (segment.kind == PathTemplate::Kind::literal) {
      written.text += "/" + facade::rest::percent_encoded(segment.text);
      continue;
    }
    std::string name = "segment";
    for (const PathTemplate::Variable& variable : path.variables) {
      if (i >= variable.first && i < variable.first + variable.count) name = variable.field_path;
    }
    std::string unique = name;
    for (int number = 2;
         std::find(written.parameters.begin(), written.parameters.end(), unique) != written.parameters.end();
         ++number) {
      unique = name + "_" + std::to_string(number);
    }
    written.text += "/{" + unique + "}";
    written.parameters.push_back(unique);
  }
  if (path.segments.empty()) written.text = "/";
  if (!path.verb.empty()) written.text += ":" + facade::rest::percent_encoded(path.verb);
  return written;
}

Json Paths::path_parameters(const pb::Descriptor& request, const PathTemplate& path, const Path& written) {
  Json parameters = Json::array();
  std::size_t number = 0;
  for (std::size_t i = 0; i < path.segments.size(); ++i) {
    const PathTemplate::Segment& segment = path.segments[i];
    if (segment.kind == PathTemplate::Kind::literal) continue;
    Json parameter = {{"name", written.parameters[number++]}, {"in", "path"}, {"required", true}};
    Json schema = {{"type", "string"}};
    for (const PathTemplate::Variable& variable : path.variables) {
      if (i < variable.first || i >= variable.first + variable.count) continue;
      const auto* field = find_field(&request, variable.field_path);
      if (variable.is_one && field != nullptr) schema = schemas_.of_value(*field);
      std::string description = field != nullptr ? comment_of(*field) : "";
      if (!variable.is_one) {
        description = "A part of " + variable.field_path + (description.empty() ? "" : ": " + description);
      }
      if (segment.kind == PathTemplate::Kind::rest) description += description.empty() ? "" : "\n";
      if (segment.kind == PathTemplate::Kind::rest) description += "Any number of segments, slashes included.";
      if (!description.empty()) parameter["description"] = description;
    }
    parameter["schema"] = std::move(schema);
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

void Paths::add_query(const pb::Descriptor& type, const std::string& prefix, const std::string& proto_prefix,
                      const HttpRule& rule, const PathTemplate& path, std::vector<const pb::Descriptor*>& within,
                      Json& parameters) {
  const bool is_recursive = std::find(within.begin(), within.end(), &type) != within.end();
  if (is_recursive || within.size() == deepest_parameter) return;
  within.push_back(&type);
  for (int i = 0; i < type.field_count() && parameters.size() < most_parameters; ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    const std::string name = prefix + field.json_name();
    const std::string proto_name = proto_prefix + field.name();
    const bool is_body = prefix.empty() && (rule.body == field.name() || rule.body == field.json_name());
    const bool is_in_path = std::any_of(path.variables.begin(), path.variables.end(), [&](const auto& variable) {
      return variable.field_path == proto_name || variable.field_path == name;
    });
    if (is_body || is_in_path || field.is_map()) continue;
    if (is_parameter(field)) {
      Json parameter = {{"name", name}, {"in", "query"}};
      if (const std::string comment = comment_of(field); !comment.empty()) parameter["description"] = comment;
      if (field.options().deprecated()) parameter["deprecated"] = true;
      parameter["schema"] = schemas_.of(field);
      parameters.push_back(std::move(parameter));
    } else if (!field.is_repeated() && !field.message_type()->full_name().starts_with("google.protobuf.")) {
      add_query(*field.message_type(), name + ".", proto_name + ".", rule, path, within, parameters);
    }
  }
  within.pop_back();
}

std::map<std::string, Json> Paths::take() {
  std::erase_if(paths_, [](const auto& path) { return path.second.empty(); });
  return std::exchange(paths_, {});
}

std::set<std::string> Paths::shapes() const {
  std::set<std::string> shapes;
  for (const auto& [shape, path] : by_shape_) shapes.insert(shape);
  return shapes;
}

}  // namespace wasm_grpc::openapi
