// Reads a policy: each key that it knows, and an error for all others.
#include <algorithm>
#include <initializer_list>
#include <unordered_set>
#include <utility>

#include "access/policy.h"
#include "json/text/input.h"

namespace wasm_grpc::access {

namespace {

constexpr std::size_t max_name = 200;

/// Header fields that are not metadata, though their names would do.
constexpr std::string_view not_matched[] = {"host", "te", "content-type"};

std::string quoted(std::string_view text) { return "\"" + json::shown(text) + "\""; }

std::string listed(std::initializer_list<std::string_view> keys) {
  std::string list;
  for (const std::string_view key : keys) {
    if (!list.empty()) list += ", ";
    list += key;
  }
  return list;
}

/// A part of the policy, with the place that errors name: "rule "a": request.paths[0]".
struct Part {
  const Value& value;
  std::string place;

  [[nodiscard]] Error wrong(const std::string& what) const { return Error{place + ": " + what}; }
  [[nodiscard]] Part at(std::string_view key, const Value& inner) const {
    return {inner, place + "." + std::string(key)};
  }
  [[nodiscard]] Part at(std::size_t index) const {
    return {value.items[index], place + "[" + std::to_string(index) + "]"};
  }

  [[nodiscard]] Result<> expect(Value::Kind kind) const {
    if (value.is(kind)) return success();
    return wrong("expected " + std::string(name(kind)) + ", found " + std::string(name(value.kind)));
  }
  /// An object with these keys at most.
  [[nodiscard]] Result<> expect_keys(std::initializer_list<std::string_view> keys) const {
    if (auto object = expect(Value::Kind::object); !object.ok()) return object;
    for (const Member& member : value.members) {
      if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
        return wrong("unknown key " + quoted(member.key) + "; expected " + listed(keys));
      }
    }
    return success();
  }
  /// An array with one element at least.
  [[nodiscard]] Result<> expect_elements() const {
    if (auto array = expect(Value::Kind::array); !array.ok()) return array;
    if (value.items.empty())
      return wrong("the list is empty; name one at least, or leave the key out for no condition");
    return success();
  }
};

}  // namespace

/// Fills a policy.
class PolicyReader {
 public:
  explicit PolicyReader(Policy& policy) : policy_(policy) {}

  Result<> read(const Value& value) {
    const Part top{value, "policy"};
    auto known = top.expect_keys({"name", "deny_rules", "allow_rules", "audit_logging_options"});
    if (!known.ok()) return known;
    auto name = read_name(top);
    if (!name.ok()) return std::move(name).error();
    policy_.name_ = std::move(name).value();
    if (const Value* rules = value.find("deny_rules")) {
      if (auto read = read_rules({*rules, "deny_rules"}, policy_.deny_); !read.ok()) return read;
    }
    const Value* allow = value.find("allow_rules");
    if (allow == nullptr) return top.wrong("allow_rules is missing; what no rule there allows is denied");
    if (auto read = read_rules({*allow, "allow_rules"}, policy_.allow_); !read.ok()) return read;
    if (const Value* audit = value.find("audit_logging_options")) return read_audit({*audit, "audit_logging_options"});
    return success();
  }

 private:
  static Result<std::string> read_name(const Part& part) {
    const Value* name = part.value.find("name");
    if (name == nullptr) return part.wrong("name is missing");
    const Part at = part.at("name", *name);
    if (auto text = at.expect(Value::Kind::string); !text.ok()) return std::move(text).error();
    if (name->text.empty() || name->text.size() > max_name) {
      return at.wrong("expected 1 to " + std::to_string(max_name) + " bytes");
    }
    return name->text;
  }

  Result<> read_rules(const Part& part, std::vector<Rule>& rules) {
    if (auto list = part.expect_elements(); !list.ok()) return list;
    if (part.value.items.size() > max_rules) {
      return part.wrong("there are " + std::to_string(part.value.items.size()) + " rules; expected at most " +
                        std::to_string(max_rules));
    }
    std::unordered_set<std::string> names;
    for (std::size_t i = 0; i < part.value.items.size(); ++i) {
      const Part at = part.at(i);
      if (auto object = at.expect(Value::Kind::object); !object.ok()) return object;
      auto name = read_name(at);
      if (!name.ok()) return std::move(name).error();
      if (!names.insert(name.value()).second) return at.wrong("there is a rule " + quoted(name.value()) + " already");
      Rule& rule = rules.emplace_back();
      rule.name = std::move(name).value();
      if (auto read = read_rule({at.value, at.place + " (" + quoted(rule.name) + ")"}, rule); !read.ok()) return read;
    }
    return success();
  }

  Result<> read_rule(const Part& part, Rule& rule) {
    if (auto known = part.expect_keys({"name", "source", "request"}); !known.ok()) return known;
    if (const Value* source = part.value.find("source")) {
      if (auto read = read_source(part.at("source", *source), rule); !read.ok()) return read;
    }
    if (const Value* request = part.value.find("request")) return read_request(part.at("request", *request), rule);
    return success();
  }

  Result<> read_source(const Part& part, Rule& rule) {
    if (auto known = part.expect_keys({"principals", "claims"}); !known.ok()) return known;
    if (const Value* principals = part.value.find("principals")) {
      const Part list = part.at("principals", *principals);
      if (auto some = list.expect_elements(); !some.ok()) return some;
      for (std::size_t i = 0; i < list.value.items.size(); ++i) {
        const Part at = list.at(i);
        if (auto text = at.expect(Value::Kind::string); !text.ok()) return text;
        if (auto added = rule.principals.add(at.value.text); !added.ok()) {
          return at.wrong(quoted(at.value.text) + ": " + added.error().message);
        }
        if (at.value.text.starts_with("sub:")) policy_.asks_for_tokens_ = true;
      }
    }
    if (const Value* claims = part.value.find("claims")) {
      policy_.asks_for_tokens_ = true;
      return read_conditions<ClaimCondition>(part.at("claims", *claims), rule.claims, read_claim);
    }
    return success();
  }

  Result<> read_request(const Part& part, Rule& rule) {
    if (auto known = part.expect_keys({"paths", "headers"}); !known.ok()) return known;
    if (const Value* paths = part.value.find("paths")) {
      if (auto read = read_patterns(part.at("paths", *paths), rule.paths, check_path); !read.ok()) return read;
    }
    if (const Value* headers = part.value.find("headers")) {
      return read_conditions<HeaderCondition>(part.at("headers", *headers), rule.headers, read_header);
    }
    return success();
  }

  static Result<> check_path(std::string_view path) {
    if (path.starts_with('/') || path.starts_with('*')) return success();
    return Error{"expected \"/package.Service/Method\", the path of an HTTP request, or \"*\" at an end of one"};
  }
  static Result<> check_nothing(std::string_view) { return success(); }

  /// A list of patterns, of which each passes a check.
  static Result<> read_patterns(const Part& part, std::vector<Pattern>& patterns,
                                Result<> (*check)(std::string_view text)) {
    if (auto some = part.expect_elements(); !some.ok()) return some;
    for (std::size_t i = 0; i < part.value.items.size(); ++i) {
      const Part at = part.at(i);
      if (auto text = at.expect(Value::Kind::string); !text.ok()) return text;
      auto pattern = Pattern::parse(at.value.text);
      if (!pattern) return at.wrong(quoted(at.value.text) + ": an asterisk may be at one end only, once");
      if (auto good = check(at.value.text); !good.ok()) {
        return at.wrong(quoted(at.value.text) + ": " + good.error().message);
      }
      patterns.push_back(std::move(*pattern));
    }
    return success();
  }

  /// A list of objects of a key and its values.
  template <typename Condition>
  static Result<> read_conditions(const Part& part, std::vector<Condition>& conditions,
                                  Result<> (*read_key)(const Part& key, Condition& condition)) {
    if (auto some = part.expect_elements(); !some.ok()) return some;
    for (std::size_t i = 0; i < part.value.items.size(); ++i) {
      const Part at = part.at(i);
      if (auto known = at.expect_keys({"key", "values"}); !known.ok()) return known;
      const Value* key = at.value.find("key");
      const Value* values = at.value.find("values");
      if (key == nullptr || values == nullptr) return at.wrong("expected both key and values");
      Condition& condition = conditions.emplace_back();
      if (auto read = read_key(at.at("key", *key), condition); !read.ok()) return read;
      if (auto read = read_patterns(at.at("values", *values), condition.values, check_nothing); !read.ok()) return read;
    }
    return success();
  }

  static Result<> read_header(const Part& key, HeaderCondition& header) {
    if (auto text = key.expect(Value::Kind::string); !text.ok()) return text;
    header.key = key.value.text;
    for (char& c : header.key) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (std::find(std::begin(not_matched), std::end(not_matched), header.key) != std::end(not_matched) ||
        !rpc::is_valid_key(header.key)) {
      return key.wrong(quoted(key.value.text) +
                       ": expected the name of a header that is metadata: not host, nor one of the protocol or the "
                       "connection, nor with \":\" or \"grpc-\" before it");
    }
    if (rpc::is_binary_key(header.key)) return key.wrong(quoted(key.value.text) + ": binary headers are not matched");
    return success();
  }

  /// A claim's name, or the names that lead to one within others.
  static Result<> read_claim(const Part& key, ClaimCondition& claim) {
    if (key.value.is(Value::Kind::string)) {
      claim.path.push_back(key.value.text);
    } else {
      if (!key.value.is(Value::Kind::array)) return key.wrong("expected the name of a claim, or a list of names");
      if (auto some = key.expect_elements(); !some.ok()) return some;
      for (std::size_t i = 0; i < key.value.items.size(); ++i) {
        if (auto text = key.at(i).expect(Value::Kind::string); !text.ok()) return text;
        claim.path.push_back(key.value.items[i].text);
      }
    }
    for (const std::string& name : claim.path) {
      if (name.empty()) return key.wrong("the name of a claim is empty");
    }
    return success();
  }

  Result<> read_audit(const Part& part) {
    if (auto known = part.expect_keys({"audit_condition", "audit_loggers"}); !known.ok()) return known;
    if (const Value* condition = part.value.find("audit_condition")) {
      const Part at = part.at("audit_condition", *condition);
      if (auto text = at.expect(Value::Kind::string); !text.ok()) return text;
      constexpr std::string_view names[] = {"NONE", "ON_DENY", "ON_ALLOW", "ON_DENY_AND_ALLOW"};
      const auto* const found = std::find(std::begin(names), std::end(names), condition->text);
      if (found == std::end(names)) {
        return at.wrong("expected NONE, ON_DENY, ON_ALLOW or ON_DENY_AND_ALLOW, found " + quoted(condition->text));
      }
      policy_.audit_ = static_cast<Audit>(found - std::begin(names));
    }
    if (const Value* loggers = part.value.find("audit_loggers")) {
      return read_loggers(part.at("audit_loggers", *loggers));
    }
    return success();
  }

  /// There is one, the server's log, and it has no name: those that are named must be such as may be left out.
  static Result<> read_loggers(const Part& part) {
    if (auto list = part.expect(Value::Kind::array); !list.ok()) return list;
    for (std::size_t i = 0; i < part.value.items.size(); ++i) {
      const Part at = part.at(i);
      if (auto known = at.expect_keys({"name", "config", "is_optional"}); !known.ok()) return known;
      auto name = read_name(at);
      if (!name.ok()) return std::move(name).error();
      const Value* optional = at.value.find("is_optional");
      if (optional != nullptr && !optional->is(Value::Kind::boolean)) {
        return at.at("is_optional", *optional).expect(Value::Kind::boolean);
      }
      if (optional == nullptr || optional->text != "true") {
        return at.wrong("no logger " + quoted(name.value()) +
                        " here: audit lines go to the server's log; leave audit_loggers out");
      }
    }
    return success();
  }

  Policy& policy_;
};

Result<std::shared_ptr<const Policy>> Policy::read(const Value& value) {
  std::shared_ptr<Policy> policy(new Policy);
  if (auto read = PolicyReader(*policy).read(value); !read.ok()) return std::move(read).error();
  return std::shared_ptr<const Policy>(std::move(policy));
}

}  // namespace wasm_grpc::access
