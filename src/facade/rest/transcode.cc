#include "facade/rest/transcode.h"

#include <algorithm>
#include <set>

#include "facade/rest/field_path.h"
#include "facade/rest/url_text.h"
#include "json/field.h"
#include "json/text/input.h"

namespace wasm_grpc::facade::rest {

namespace {

std::string name_of(const Rule::FieldPath& path) {
  std::string name;
  for (const json::Field* field : path) name += (name.empty() ? "" : ".") + field->name;
  return name;
}

class RequestMaker {
 public:
  RequestMaker(const Match& match, std::vector<std::byte>& out, const json::ReadOptions& options)
      : match_(match), rule_(*match.rule), out_(out), options_(options) {}

  std::optional<std::string> make(std::string_view body) {
    // What comes later counts: the path more than the body.
    if (auto error = this->body(body)) return error;
    if (auto error = captures()) return error;
    std::string_view query = match_.query;
    while (!query.empty()) {
      const std::string_view pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(query.size(), pair.size() + 1));
      if (pair.empty()) continue;
      if (auto error = parameter(pair)) return error;
      if (out_.size() > options_.max_size)
        return "the message is larger than " + std::to_string(options_.max_size) + " bytes";
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> body(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (rule_.body_is_all) return json::read(*rule_.request, text, out_, options_);
    if (rule_.body != nullptr) return json::read_field(*rule_.body, text, out_, options_);
    return rule_.http.http_method + " " + rule_.http.path + " takes no body";
  }

  std::optional<std::string> captures() {
    for (std::size_t i = 0; i < rule_.captures.size(); ++i) {
      const Rule::Capture& capture = rule_.captures[i];
      const auto text = capture.is_one ? percent_decoded(match_.captures[i]) : segments_decoded(match_.captures[i]);
      if (!text) return "the path: a percent sign is followed by two hexadecimal digits";
      if (auto error = append_field(capture.field, *text, out_, options_)) {
        return name_of(capture.field) + ", in the path: " + *error;
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> parameter(std::string_view pair) {
    const std::string_view raw_name = pair.substr(0, pair.find('='));
    const auto name = parameter_decoded(raw_name);
    const auto value = parameter_decoded(pair.substr(std::min(pair.size(), raw_name.size() + 1)));
    if (!name || !value) return "the query: a percent sign is followed by two hexadecimal digits";
    const std::string where = "the parameter \"" + json::shown(*name) + "\": ";
    auto path = find_field_path(*rule_.request, *name);
    if (!path.ok()) {
      if (options_.ignore_unknown_fields) return std::nullopt;
      return where + path.error().message;
    }
    const Rule::FieldPath& field = path.value();
    if (rule_.body_is_all) return where + "all fields are in the body";
    if (field.front() == rule_.body) return where + "the field is in the body";
    const auto is_captured = [&](const Rule::Capture& capture) { return capture.field == field; };
    if (std::any_of(rule_.captures.begin(), rule_.captures.end(), is_captured))
      return where + "the field is in the path";
    if (!field.back()->is_repeated && !given_.insert(name_of(field)).second) return where + "it is given twice";
    if (auto error = append_field(field, *value, out_, options_)) return where + *error;
    return std::nullopt;
  }

  const Match& match_;
  const Rule& rule_;
  std::vector<std::byte>& out_;
  const json::ReadOptions& options_;
  std::set<std::string> given_;
};

}  // namespace

std::optional<std::string> make_request(const Match& match, std::string_view body, std::vector<std::byte>& out,
                                        const json::ReadOptions& options) {
  const std::size_t before = out.size();
  auto error = RequestMaker(match, out, options).make(body);
  if (error) out.resize(before);
  return error;
}

std::optional<std::string> make_reply(const Rule& rule, std::span<const std::byte> message, std::string& out,
                                      const json::WriteOptions& options) {
  if (rule.response_body == nullptr) return json::write(*rule.response, message, out, options);
  return json::write_field(*rule.response, *rule.response_body, message, out, options);
}

}  // namespace wasm_grpc::facade::rest
