// What a message breaks of the rules in its .proto (buf.validate), as protoc-gen-wasm-grpc enforces them where it is
// asked to (docs/guest-protobuf.md).
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/error_details.h"
#include "wasm_grpc/guest/pattern.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

/// Collects the violations of one message. Each check is about the field that was entered last.
class Violations {
 public:
  /// So many are told of; what a client sends may break a rule in each of a million elements.
  static constexpr std::size_t most = 64;

  /// Leaves a field again at the end of its life.
  class [[nodiscard]] Scope {
   public:
    explicit Scope(Violations& of) : of_(&of) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { of_->path_.pop_back(); }

   private:
    Violations* of_;
  };
  Scope field(std::string_view name) { return enter({name, {}, 0, Part::name}); }
  Scope element(std::size_t index) { return enter({{}, {}, index, Part::index}); }
  template <typename Key>
  Scope entry(const Key& key) {
    if constexpr (std::is_same_v<Key, std::string>) return enter({key, {}, 0, Part::text_key});
    if constexpr (std::is_same_v<Key, bool>) return enter({{}, key ? "true" : "false", 0, Part::key});
    if constexpr (!std::is_same_v<Key, std::string> && !std::is_same_v<Key, bool>) {
      return enter({{}, std::to_string(key), 0, Part::key});
    }
  }

  [[nodiscard]] bool empty() const noexcept { return found_.field_violations.empty(); }
  /// Whether there are so many that no more are looked for.
  [[nodiscard]] bool is_full() const noexcept { return found_.field_violations.size() >= most; }
  /// INVALID_ARGUMENT, with a google.rpc.BadRequest that has them all.
  [[nodiscard]] Status status() const {
    const rpc::BadRequest::FieldViolation& first = found_.field_violations.front();
    std::string message = first.field + ": " + first.description;
    if (found_.field_violations.size() > 1) {
      message += " (and " + std::to_string(found_.field_violations.size() - 1) + " more)";
    }
    return Status::invalid_argument(std::move(message)).with(found_);
  }
  [[nodiscard]] const rpc::BadRequest& found() const noexcept { return found_; }

  /// `rule` is its name in buf.validate, such as "string.min_len"; the description goes on a sentence about the field.
  void add(std::string_view rule, std::string description) {
    if (!is_full()) found_.field_violations.push_back({path(), std::move(description), std::string(rule)});
  }

  // ---- Checks; `rules` is the type's name, "int32" ----

  /// Of numbers: a lower and an upper bound. A lower one that is above the upper one means all but what is between.
  template <typename Number>
  struct Bounds {
    std::optional<Number> gt{};
    std::optional<Number> gte{};
    std::optional<Number> lt{};
    std::optional<Number> lte{};
  };
  template <typename Number>
  void range(std::string_view rules, Number value, const Bounds<Number>& bounds) {
    const bool has_lower = bounds.gt || bounds.gte;
    const bool has_upper = bounds.lt || bounds.lte;
    const bool above = bounds.gt ? value > *bounds.gt : bounds.gte ? value >= *bounds.gte : true;
    const bool below = bounds.lt ? value < *bounds.lt : bounds.lte ? value <= *bounds.lte : true;
    const Number lower = bounds.gt ? *bounds.gt : bounds.gte.value_or(Number());
    const Number upper = bounds.lt ? *bounds.lt : bounds.lte.value_or(Number());
    const bool is_outside = has_lower && has_upper && upper < lower;
    if (is_outside ? above || below : above && below) return;
    std::string description = "must be ";
    if (has_lower) description += (bounds.gt ? "greater than " : "at least ") + text_of(lower);
    if (has_lower && has_upper) description += is_outside ? " or " : " and ";
    if (has_upper) description += (bounds.lt ? "less than " : "at most ") + text_of(upper);
    add(std::string(rules) + (bounds.gt    ? ".gt"
                              : bounds.gte ? ".gte"
                              : bounds.lt  ? ".lt"
                                           : ".lte"),
        std::move(description));
  }
  template <typename Value>
  void constant(std::string_view rules, const Value& value, const std::type_identity_t<Value>& wanted) {
    if (!(value == wanted)) add(std::string(rules) + ".const", "must be " + text_of(wanted));
  }
  template <typename Value>
  void one_of(std::string_view rules, const Value& value, std::initializer_list<std::type_identity_t<Value>> allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      add(std::string(rules) + ".in", "must be one of " + list_of(allowed));
    }
  }
  template <typename Value>
  void none_of(std::string_view rules, const Value& value, std::initializer_list<std::type_identity_t<Value>> refused) {
    if (std::find(refused.begin(), refused.end(), value) != refused.end()) {
      add(std::string(rules) + ".not_in", "must not be one of " + list_of(refused));
    }
  }
  template <typename Number>
  void finite(std::string_view rules, Number value) {
    if (!std::isfinite(value)) add(std::string(rules) + ".finite", "must be finite");
  }

  /// `unit` is "characters", "bytes", "items" or "pairs".
  void at_least(std::string_view rule, std::size_t size, std::uint64_t least, std::string_view unit) {
    if (size < least) add(rule, "must have at least " + std::to_string(least).append(" ").append(unit));
  }
  void at_most(std::string_view rule, std::size_t size, std::uint64_t most_of_it, std::string_view unit) {
    if (size > most_of_it) add(rule, "must have at most " + std::to_string(most_of_it).append(" ").append(unit));
  }
  void exactly(std::string_view rule, std::size_t size, std::uint64_t wanted, std::string_view unit) {
    if (size != wanted) add(rule, "must have " + std::to_string(wanted).append(" ").append(unit));
  }

  void pattern(std::string_view rules, std::string_view value, const Pattern& wanted, std::string_view text) {
    if (!wanted.is_in(value)) add(std::string(rules) + ".pattern", "must match " + std::string(text));
  }
  void prefix(std::string_view rules, std::string_view value, std::string_view wanted) {
    if (!value.starts_with(wanted)) add(std::string(rules) + ".prefix", "must begin with " + text_of(wanted));
  }
  void suffix(std::string_view rules, std::string_view value, std::string_view wanted) {
    if (!value.ends_with(wanted)) add(std::string(rules) + ".suffix", "must end with " + text_of(wanted));
  }
  void contains(std::string_view rules, std::string_view value, std::string_view wanted) {
    if (value.find(wanted) == std::string_view::npos)
      add(std::string(rules) + ".contains", "must contain " + text_of(wanted));
  }
  void contains_not(std::string_view rules, std::string_view value, std::string_view refused) {
    if (value.find(refused) != std::string_view::npos) {
      add(std::string(rules) + ".not_contains", "must not contain " + text_of(refused));
    }
  }
  void uuid(std::string_view value) {
    bool good = value.size() == 36;
    for (std::size_t i = 0; good && i < value.size(); ++i) {
      const char c = value[i];
      const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
      good = is_dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    if (!good) add("string.uuid", "must be a UUID");
  }
  void hostname(std::string_view value) {
    if (!is_hostname(value)) add("string.hostname", "must be a hostname");
  }
  /// As HTML has it: no quoted names, no comments.
  void email(std::string_view value) {
    const std::size_t at = value.rfind('@');
    constexpr std::string_view others = "!#$%&'*+/=?^_`{|}~.-";
    bool good = at != std::string_view::npos && at > 0;
    for (std::size_t i = 0; good && i < at; ++i) {
      good = is_alphanumeric(value[i]) || others.find(value[i]) != std::string_view::npos;
    }
    if (!good || !is_hostname(value.substr(at + 1))) add("string.email", "must be an email address");
  }
  void required(bool is_there) {
    if (!is_there) add("required", "is required");
  }
  template <typename Elements>
  void unique(const Elements& elements) {
    std::vector<typename Elements::value_type> sorted(elements.begin(), elements.end());
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      add("repeated.unique", "must not have the same item twice");
    }
  }

  /// How many code points a text has.
  [[nodiscard]] static std::size_t characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }

 private:
  struct Part {
    enum Kind : std::uint8_t { name, index, key, text_key };
    std::string_view text;  // of the message, which stays where it is, or of generated code
    std::string number;
    std::size_t at;
    Kind kind;
  };

  Scope enter(Part part) {
    path_.push_back(std::move(part));
    return Scope(*this);
  }
  [[nodiscard]] std::string path() const {
    std::string path;
    for (const Part& part : path_) {
      switch (part.kind) {
        case Part::name:
          path.append(path.empty() ? "" : ".").append(part.text);
          break;
        case Part::index:
          path.append("[").append(std::to_string(part.at)).append("]");
          break;
        case Part::key:
          path.append("[").append(part.number).append("]");
          break;
        case Part::text_key:
          path.append("[\"").append(part.text.substr(0, 100)).append("\"]");
          break;
      }
    }
    return path;
  }

  static std::string text_of(std::string_view text) { return std::string("\"").append(text).append("\""); }
  static std::string text_of(bool value) { return value ? "true" : "false"; }
  template <typename Number>
    requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>)
  static std::string text_of(Number value) {
    if constexpr (std::is_enum_v<Number>) {
      return std::to_string(static_cast<std::int32_t>(value));
    } else if constexpr (std::is_floating_point_v<Number>) {
      char text[40];
      return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
    } else {
      return std::to_string(value);
    }
  }
  template <typename Value>
  static std::string list_of(std::initializer_list<Value> values) {
    std::string list;
    for (const Value& value : values) list.append(list.empty() ? "" : ", ").append(text_of(value));
    return list;
  }
  static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  /// RFC 1123.
  static bool is_hostname(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return false;
    bool is_number = false;
    while (true) {
      const std::string_view label = name.substr(0, name.find('.'));
      if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
      is_number = true;
      for (const char c : label) {
        if (!is_alphanumeric(c) && c != '-') return false;
        is_number = is_number && c >= '0' && c <= '9';
      }
      if (label.size() == name.size()) return !is_number;  // else it is an address
      name.remove_prefix(label.size() + 1);
    }
  }

  std::vector<Part> path_;
  rpc::BadRequest found_;
};

}  // namespace wasm_grpc::guest
