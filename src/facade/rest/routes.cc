#include "facade/rest/routes.h"

#include <algorithm>
#include <set>

#include "facade/rest/field_path.h"
#include "facade/rest/url_text.h"
#include "json/field.h"

namespace wasm_grpc::facade::rest {

namespace {

Result<std::unique_ptr<Rule>> make_rule(HttpRule http, const google::protobuf::MethodDescriptor& method,
                                        std::string_view module, const json::Types& types) {
  auto path = parse_path_template(http.path);
  if (!path.ok()) return path.error();
  auto rule = std::make_unique<Rule>();
  rule->method = "/" + method.service()->full_name() + "/" + method.name();
  rule->module = module;
  rule->path = std::move(path).value();
  rule->request = types.find(method.input_type()->full_name());
  rule->response = types.find(method.output_type()->full_name());
  if (rule->request == nullptr || rule->response == nullptr) return Error{"the types of its messages are not known"};
  for (const PathTemplate::Variable& variable : rule->path.variables) {
    auto field = find_field_path(*rule->request, variable.field_path);
    if (!field.ok()) return Error{"the variable {" + variable.field_path + "}: " + field.error().message};
    if (field.value().back()->is_repeated)
      return Error{"the variable {" + variable.field_path + "} is a repeated field"};
    const bool is_rest = rule->path.segments[variable.first + variable.count - 1].kind == PathTemplate::Kind::rest;
    rule->captures.push_back({std::move(field).value(), variable.first, variable.count, is_rest, variable.is_one});
  }
  const auto top_field = [](const json::MessageType& type, const std::string& name,
                            std::string_view what) -> Result<const json::Field*> {
    const json::Field* const field = type.find(name);
    if (field == nullptr)
      return Error{"its " + std::string(what) + " is " + name + ", which " + type.name() + " has not"};
    return field;
  };
  if (http.body == "*") {
    rule->body_is_all = true;
  } else if (!http.body.empty()) {
    const auto field = top_field(*rule->request, http.body, "body");
    if (!field.ok()) return field.error();
    rule->body = field.value();
  }
  if (!http.response_body.empty()) {
    const auto field = top_field(*rule->response, http.response_body, "response_body");
    if (!field.ok()) return field.error();
    rule->response_body = field.value();
  }
  rule->http = std::move(http);
  return rule;
}

std::string owner(const Rule& rule) { return rule.method.substr(1) + " of module " + rule.module; }

}  // namespace

Result<> Routes::add(const google::protobuf::MethodDescriptor& method, std::string_view module,
                     const json::Types& types) {
  const google::protobuf::MethodDescriptor* const one = &method;
  return add({&one, 1}, module, types);
}

Result<> Routes::add(std::span<const google::protobuf::MethodDescriptor* const> methods, std::string_view module,
                     const json::Types& types) {
  Addition addition;
  for (const google::protobuf::MethodDescriptor* method : methods) {
    if (auto made = make(*method, module, types, addition); !made.ok()) return made;
  }
  by_shape_.merge(addition.by_shape);
  for (std::unique_ptr<Rule>& rule : addition.rules) {
    insert(*rule);
    rules_.push_back(std::move(rule));
  }
  return success();
}

Result<> Routes::make(const google::protobuf::MethodDescriptor& method, std::string_view module,
                      const json::Types& types, Addition& addition) const {
  auto written = http_rules(method);
  const std::string name = method.service()->full_name() + "/" + method.name();
  if (!written.ok()) return Error{"method " + name + ": " + written.error().message};
  for (HttpRule& http : written.value()) {
    const std::string text = http.http_method + " " + http.path;
    auto rule = make_rule(std::move(http), method, module, types);
    if (!rule.ok()) return Error{"method " + name + ", google.api.http rule \"" + text + "\": " + rule.error().message};
    const auto key = std::pair(rule.value()->path.shape(), rule.value()->http.http_method);
    const auto before = by_shape_.find(key);
    const auto [place, is_new] = addition.by_shape.emplace(key, rule.value().get());
    if (before != by_shape_.end() || !is_new) {
      const Rule& other = before != by_shape_.end() ? *before->second : *place->second;
      return Error{"the google.api.http rules \"" + other.http.http_method + " " + other.http.path + "\" of " +
                   owner(other) + " and \"" + text + "\" of " + owner(*rule.value()) +
                   " mean the same requests: change one of them"};
    }
    addition.rules.push_back(std::move(rule).value());
  }
  return success();
}

void Routes::insert(const Rule& rule) {
  Node* node = &root_;
  for (const PathTemplate::Segment& segment : rule.path.segments) {
    if (segment.kind == PathTemplate::Kind::rest) {
      node->rests.push_back({rule.path.verb, &rule});
      return;
    }
    std::unique_ptr<Node>& next = segment.kind == PathTemplate::Kind::one ? node->one : node->literals[segment.text];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  node->ends.push_back({rule.path.verb, &rule});
}

class Routes::Search {
 public:
  Search(std::string_view http_method, std::string_view path) : http_method_(http_method), path_(path) {
    std::string_view rest = path.substr(1);
    while (!rest.empty() || path.size() > 1) {
      const std::string_view segment = rest.substr(0, rest.find('/'));
      raw_.push_back(segment);
      if (segment.size() == rest.size()) break;
      rest.remove_prefix(segment.size() + 1);
    }
  }

  /// Of the path with its last segment's verb, and else without.
  const Rule* run(const Node& root) {
    const std::size_t colon = raw_.empty() ? std::string_view::npos : raw_.back().rfind(':');
    if (colon != std::string_view::npos) {
      const std::string_view whole = raw_.back();
      if (const auto verb = percent_decoded(whole.substr(colon + 1)); verb && !verb->empty()) {
        verb_ = *verb;
        raw_.back() = whole.substr(0, colon);
        if (const Rule* rule = run_from(root); rule != nullptr) return rule;
        raw_.back() = whole;
      }
    }
    verb_.clear();
    return run_from(root);
  }

  std::vector<std::string_view> captures(const Rule& rule) const {
    std::vector<std::string_view> texts;
    for (const Rule::Capture& capture : rule.captures) {
      const std::size_t first = capture.first_segment;
      const std::size_t last = capture.is_rest ? raw_.size() : first + capture.segments;
      // Segments lie in the path one behind the other.
      texts.push_back(first >= last
                          ? std::string_view()
                          : std::string_view(raw_[first].data(),
                                             static_cast<std::size_t>(raw_[last - 1].data() + raw_[last - 1].size() -
                                                                      raw_[first].data())));
    }
    return texts;
  }

  std::string allow() const {
    std::string text;
    for (const std::string_view method : allowed_) text += (text.empty() ? "" : ", ") + std::string(method);
    return text;
  }

 private:
  const Rule* run_from(const Node& root) {
    any_method_ = nullptr;
    const Rule* const rule = visit(root, 0);
    return rule != nullptr ? rule : any_method_;
  }

  const Rule* visit(const Node& node, std::size_t at) {
    if (at == raw_.size()) {
      if (const Rule* rule = end(node.ends); rule != nullptr) return rule;
      return end(node.rests);
    }
    if (!node.literals.empty()) {
      const bool is_escaped = raw_[at].find('%') != std::string_view::npos;
      const auto decoded = is_escaped ? percent_decoded(raw_[at]) : std::nullopt;
      const auto found = is_escaped && !decoded ? node.literals.end()
                         : is_escaped           ? node.literals.find(*decoded)
                                                : node.literals.find(raw_[at]);
      if (found != node.literals.end()) {
        if (const Rule* rule = visit(*found->second, at + 1); rule != nullptr) return rule;
      }
    }
    if (node.one != nullptr && !raw_[at].empty()) {
      if (const Rule* rule = visit(*node.one, at + 1); rule != nullptr) return rule;
    }
    return end(node.rests);
  }

  const Rule* end(const std::vector<End>& ends) {
    for (const End& end : ends) {
      if (end.verb != verb_) continue;
      if (end.rule->http.http_method == http_method_) return end.rule;
      if (end.rule->http.http_method == "*") {
        if (any_method_ == nullptr) any_method_ = end.rule;
      } else {
        allowed_.insert(end.rule->http.http_method);
      }
    }
    return nullptr;
  }

  std::string_view http_method_;
  std::string_view path_;
  std::vector<std::string_view> raw_;
  std::string verb_;
  const Rule* any_method_ = nullptr;  // the first that leaves the method open
  std::set<std::string_view> allowed_;
};

Match Routes::find(std::string_view http_method, std::string_view target) const {
  Match match;
  const std::size_t mark = target.find('?');
  if (mark != std::string_view::npos) match.query = target.substr(mark + 1);
  const std::string_view path = target.substr(0, mark);
  if (rules_.empty() || !path.starts_with('/')) return match;
  Search search(http_method, path);
  match.rule = search.run(root_);
  if (match.rule != nullptr) {
    match.captures = search.captures(*match.rule);
  } else {
    match.allow = search.allow();
  }
  return match;
}

}  // namespace wasm_grpc::facade::rest
