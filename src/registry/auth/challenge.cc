#include "registry/auth/challenge.h"

#include <algorithm>
#include <utility>

#include "text/lower_case.h"

namespace wasm_grpc::registry {

namespace {

constexpr bool is_token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Reads one field: schemes, each with its parameters, separated by commas.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : text_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> found;
    skip_separators();
    while (!text_.empty()) {
      const std::string scheme = text::lower_case(token());
      if (scheme.empty()) break;
      const bool spaced = skip_spaces();
      Challenge challenge{scheme == "bearer" ? Challenge::Scheme::bearer : Challenge::Scheme::basic, {}, {}};
      if (!text_.empty() && text_.front() != ',' && (!spaced || !parameters(challenge))) break;
      if (scheme == "bearer" || scheme == "basic") found.push_back(std::move(challenge));
      skip_separators();
    }
    return found;
  }

 private:
  std::string_view token() {
    const auto end = std::find_if_not(text_.begin(), text_.end(), is_token_character);
    const std::string_view found = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(found.size());
    return found;
  }
  bool skip_spaces() {
    const std::size_t end = std::min(text_.find_first_not_of(" \t"), text_.size());
    text_.remove_prefix(end);
    return end > 0;
  }
  void skip_separators() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t,"), text_.size())); }

  /// name=value, ... up to the next scheme; false where it is malformed.
  bool parameters(Challenge& challenge) {
    while (!text_.empty()) {
      const std::string_view before = text_;
      const std::string name = text::lower_case(token());
      skip_spaces();
      if (name.empty()) return false;
      if (text_.empty() || text_.front() != '=') {
        text_ = before;  // the next scheme
        return true;
      }
      text_.remove_prefix(1);
      skip_spaces();
      std::optional<std::string> value = parameter_value();
      if (!value) return false;
      if (name == "realm") challenge.realm = std::move(*value);
      if (name == "service") challenge.service = std::move(*value);
      skip_spaces();
      if (!text_.empty() && text_.front() != ',') return false;
      skip_separators();
    }
    return true;
  }

  std::optional<std::string> parameter_value() {
    if (text_.empty() || text_.front() != '"') {
      const std::string_view plain = token();
      return plain.empty() ? std::nullopt : std::optional<std::string>(plain);
    }
    std::string value;
    for (std::size_t at = 1; at < text_.size(); ++at) {
      if (text_[at] == '"') {
        text_.remove_prefix(at + 1);
        return value;
      }
      if (text_[at] == '\\' && ++at == text_.size()) break;
      if (static_cast<unsigned char>(text_[at]) < 0x20 || text_[at] == 0x7f) return std::nullopt;
      value += text_[at];
    }
    return std::nullopt;  // no end
  }

  std::string_view text_;
};

}  // namespace

std::optional<Challenge> choose_challenge(const std::vector<std::string>& fields) {
  std::optional<Challenge> best;
  for (std::size_t i = 0; i < std::min(fields.size(), max_challenges); ++i) {
    if (fields[i].size() > max_challenge_bytes) continue;
    for (Challenge& challenge : FieldReader(fields[i]).read()) {
      const bool usable = challenge.scheme == Challenge::Scheme::basic || !challenge.realm.empty();
      if (usable && (!best || challenge.scheme > best->scheme)) best = std::move(challenge);
    }
  }
  return best;
}

}  // namespace wasm_grpc::registry
