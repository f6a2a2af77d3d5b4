#include "editions/source.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace wasm_grpc::editions {

namespace pb = google::protobuf;

namespace {

struct Token {
  std::size_t begin;
  std::size_t end;
  std::string_view text;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Names and numbers, strings with their quotes, and single characters; neither space nor comments.
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char c = text[at];
    if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (text.substr(at, 2) == "/*") {
      const std::size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
      ++at;
      continue;
    }
    if (c == '"' || c == '\'') {
      ++at;
      while (at < text.size() && text[at] != c && text[at] != '\n') at += text[at] == '\\' ? 2 : 1;
      at = std::min(at + 1, text.size());
    } else if (is_letter(c)) {
      while (at < text.size() && is_letter(text[at])) ++at;
    } else {
      ++at;
    }
    tokens.push_back({begin, at, text.substr(begin, at - begin)});
  }
  return tokens;
}

/// Goes through the tokens and puts the text together anew.
class Rewriter {
 public:
  Rewriter(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  std::string run() {
    std::size_t at = 4;  // edition = "2023" ;
    replace(0, at, "syntax = \"proto3\";");
    bool begins = true;
    while (at < tokens_.size()) {
      const std::string_view word = tokens_[at].text;
      const std::string_view next = at + 1 < tokens_.size() ? tokens_[at + 1].text : std::string_view();
      if (begins && (word == "export" || word == "local") && (next == "message" || next == "enum")) {
        replace(at, at + 1, "");
      } else if (begins && word == "import" && next == "option") {
        const std::size_t first = at;
        while (at < tokens_.size() && tokens_[at].text != ";") ++at;
        replace(first, std::min(at + 1, tokens_.size()), "");
      } else if (begins && word == "reserved" && !next.empty() && is_letter(next[0]) &&
                 (next[0] < '0' || next[0] > '9')) {
        for (++at; at < tokens_.size() && tokens_[at].text != ";"; ++at) {
          if (is_letter(tokens_[at].text[0])) replace(at, at + 1, '"' + std::string(tokens_[at].text) + '"');
        }
      }
      begins = at < tokens_.size() && (tokens_[at].text == ";" || tokens_[at].text == "{" || tokens_[at].text == "}" ||
                                       tokens_[at].text == "export" || tokens_[at].text == "local");
      ++at;
    }
    return out_.append(text_.substr(copied_));
  }

 private:
  /// Of the tokens from `first` up to `last`; line ends among them stay.
  void replace(std::size_t first, std::size_t last, std::string_view by) {
    const std::size_t begin = tokens_[first].begin;
    const std::size_t end = tokens_[last - 1].end;
    out_.append(text_.substr(copied_, begin - copied_)).append(by);
    for (const char c : text_.substr(begin, end - begin)) {
      if (c == '\n') out_ += c;
    }
    copied_ = end;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::string out_;
  std::size_t copied_ = 0;
};

/// A feature and its value, by their names in a .proto, as a FeatureSet; nothing for others.
std::string one_feature(std::string_view name, std::string_view value) {
  static const std::map<std::string_view, std::pair<int, std::map<std::string_view, std::uint64_t>>> features = {
      {"field_presence", {1, {{"EXPLICIT", 1}, {"IMPLICIT", 2}, {"LEGACY_REQUIRED", 3}}}},
      {"enum_type", {2, {{"OPEN", 1}, {"CLOSED", 2}}}},
      {"repeated_field_encoding", {3, {{"PACKED", 1}, {"EXPANDED", 2}}}},
      {"utf8_validation", {4, {{"VERIFY", 2}, {"NONE", 3}}}},
      {"message_encoding", {5, {{"LENGTH_PREFIXED", 1}, {"DELIMITED", 2}}}},
      {"json_format", {6, {{"ALLOW", 1}, {"LEGACY_BEST_EFFORT", 2}}}}};
  const auto feature = features.find(name);
  if (feature == features.end()) return {};
  const auto number = feature->second.second.find(value);
  if (number == feature->second.second.end()) return {};
  pb::UnknownFieldSet set;
  set.AddVarint(feature->second.first, number->second);
  std::string bytes;
  set.SerializeToString(&bytes);
  return bytes;
}

/// Takes those named `features` from the options that the parser has not interpreted, and puts them into field
/// `number`.
template <typename Options>
void take_features(Options& options, int number) {
  std::string set;
  auto& all = *options.mutable_uninterpreted_option();
  for (int i = 0; i < all.size();) {
    const pb::UninterpretedOption& option = all[i];
    if (option.name_size() == 0 || option.name(0).is_extension() || option.name(0).name_part() != "features") {
      ++i;
      continue;
    }
    if (option.name_size() == 2) {
      set += one_feature(option.name(1).name_part(), option.identifier_value());
    } else if (option.name_size() == 1) {  // features = { field_presence: IMPLICIT, ... }
      const std::vector<Token> tokens = tokens_of(option.aggregate_value());
      for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
        if (tokens[at + 1].text == ":") set += one_feature(tokens[at].text, tokens[at + 2].text);
      }
    }
    all.DeleteSubrange(i, 1);
  }
  if (set.empty() || number == 0) return;
  options.GetReflection()->MutableUnknownFields(&options)->AddLengthDelimited(number, set);
}

void adopt_field(pb::FieldDescriptorProto& field) {
  if (field.has_options()) take_features(*field.mutable_options(), of_field_options);
}

void adopt_enum(pb::EnumDescriptorProto& one) {
  if (one.has_options()) take_features(*one.mutable_options(), of_enum_options);
  for (pb::EnumValueDescriptorProto& value : *one.mutable_value()) {
    if (value.has_options()) take_features(*value.mutable_options(), 0);
  }
}

void adopt_message(pb::DescriptorProto& message) {
  if (message.has_options()) take_features(*message.mutable_options(), of_message_options);
  for (pb::FieldDescriptorProto& field : *message.mutable_field()) adopt_field(field);
  for (pb::FieldDescriptorProto& field : *message.mutable_extension()) adopt_field(field);
  for (pb::OneofDescriptorProto& oneof : *message.mutable_oneof_decl()) {
    if (oneof.has_options()) take_features(*oneof.mutable_options(), of_oneof_options);
  }
  for (pb::DescriptorProto& nested : *message.mutable_nested_type()) adopt_message(nested);
  for (pb::EnumDescriptorProto& one : *message.mutable_enum_type()) adopt_enum(one);
  for (auto& range : *message.mutable_extension_range()) {
    if (range.has_options()) take_features(*range.mutable_options(), 0);
  }
}

}  // namespace

Source read_source(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark, which the parser takes too
  std::vector<Token> tokens = tokens_of(text);
  if (tokens.size() < 4 || tokens[0].text != "edition" || tokens[1].text != "=" || tokens[3].text != ";") {
    return {std::string(text), std::nullopt, {}};
  }
  const std::string_view quoted = tokens[2].text;
  const std::string_view name = quoted.size() < 2 ? quoted : quoted.substr(1, quoted.size() - 2);
  if (name != "2023" && name != "2024") {
    return {{}, std::nullopt, "the edition " + std::string(quoted) + " is not known; 2023 and 2024 are"};
  }
  return {Rewriter(text, std::move(tokens)).run(), name == "2023" ? Edition::of_2023 : Edition::of_2024, {}};
}

void adopt(pb::FileDescriptorProto& file, Edition edition) {
  if (file.has_options()) take_features(*file.mutable_options(), of_file_options);
  for (pb::DescriptorProto& message : *file.mutable_message_type()) adopt_message(message);
  for (pb::EnumDescriptorProto& one : *file.mutable_enum_type()) adopt_enum(one);
  for (pb::FieldDescriptorProto& field : *file.mutable_extension()) adopt_field(field);
  for (pb::ServiceDescriptorProto& service : *file.mutable_service()) {
    if (service.has_options()) take_features(*service.mutable_options(), 0);
    for (pb::MethodDescriptorProto& method : *service.mutable_method()) {
      if (method.has_options()) take_features(*method.mutable_options(), 0);
    }
  }
  file.set_syntax("editions");
  file.GetReflection()->MutableUnknownFields(&file)->AddVarint(14, static_cast<std::uint64_t>(edition));
}

}  // namespace wasm_grpc::editions
