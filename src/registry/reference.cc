#include "registry/reference.h"

#include <algorithm>

namespace wasm_grpc::registry {

namespace {

constexpr std::string_view scheme = "oci://";
constexpr std::size_t most_host = 255;
constexpr std::size_t most_repository = 255;
constexpr std::size_t most_tag = 128;
constexpr std::size_t most_shown = 200;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) noexcept { return (c >= 'a' && c <= 'z') || is_digit(c); }
constexpr bool is_word(char c) noexcept { return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit) &&
         std::stoul(std::string(text)) <= 65535 && text != "0";
}

/// A name of DNS, an address of IPv4, or one of IPv6 in brackets.
bool is_host(std::string_view text) {
  if (text.empty() || text.size() > most_host) return false;
  if (text.front() == '[') {
    return text.size() > 3 && text.back() == ']' &&
           text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  char before = '.';
  for (const char c : text) {
    const bool joins = c == '.' || c == '-';
    if (!is_lower(c) && !(joins && (before != '.' && (c == '-' || before != '-')))) return false;
    before = c;
  }
  return is_lower(before);
}

/// Letters and digits, joined by '.', '_', "__" or any number of '-'.
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower(text.front()) || !is_lower(text.back())) return false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_lower(text[at])) {
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of("abcdefghijklmnopqrstuvwxyz0123456789", at), text.size());
    const std::string_view joint = text.substr(at, end - at);
    const bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
    if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
    at = end;
  }
  return true;
}

bool is_repository(std::string_view text) {
  if (text.size() > most_repository) return false;
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) {
  const auto may_follow = [](char c) { return is_word(c) || c == '.' || c == '-'; };
  return !text.empty() && text.size() <= most_tag && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), may_follow);
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text) {
  const auto wrong = [whole = text](const std::string& what) {
    std::string shown(whole.substr(0, most_shown));
    std::replace_if(shown.begin(), shown.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return Error{"\"" + shown + (whole.size() > most_shown ? "..." : "") + "\" " + what};
  };
  Reference reference;
  if (is_reference(text)) text.remove_prefix(scheme.size());
  if (text.find("://") != std::string_view::npos) return wrong("has another scheme; expected oci://HOST/NAME:TAG");
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    reference.digest = Digest::parse(text.substr(at + 1));
    if (!reference.digest) return wrong("has no digest after the @; expected sha256: and 64 digits in lower case");
    text = text.substr(0, at);
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return wrong("names no registry; expected HOST[:PORT]/NAME[:TAG][@DIGEST]");

  reference.registry = std::string(text.substr(0, slash));
  std::transform(reference.registry.begin(), reference.registry.end(), reference.registry.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string_view host = reference.registry;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.back() != ']') {
    if (!is_port(host.substr(colon + 1))) return wrong("has a port that is none; expected 1 to 65535");
    host = host.substr(0, colon);
  }
  if (!is_host(host)) return wrong("names no registry; expected a host before the first slash");
  if (host == reference.registry && host.find('.') == std::string_view::npos && host != "localhost" &&
      host.front() != '[') {
    return wrong("names no registry: \"" + reference.registry +
                 "\" has neither a dot nor a port; expected such as docker.io/library/NAME");
  }

  text = text.substr(slash + 1);
  if (const std::size_t mark = text.find(':'); mark != std::string_view::npos) {
    reference.tag = std::string(text.substr(mark + 1));
    if (!is_tag(reference.tag)) {
      return wrong("has a tag that is none; expected letters, digits, '_', '.' and '-', 128 at most");
    }
    text = text.substr(0, mark);
  } else if (!reference.digest) {
    reference.tag = "latest";
  }
  reference.repository = std::string(text);
  if (!is_repository(reference.repository)) {
    return wrong("has a name that is none; expected words in lower case, joined by '.', '_' or '-', and slashes");
  }
  return reference;
}

std::string Reference::text() const {
  return std::string(scheme) + registry + "/" + repository + (tag.empty() ? "" : ":" + tag) +
         (digest ? "@" + digest->text() : "");
}

std::string Reference::module_name() const { return repository.substr(repository.rfind('/') + 1); }

Result<> check_path(std::string_view path) {
  if (!is_reference(path)) return success();
  auto reference = Reference::parse(path);
  return reference.ok() ? success() : Result<>(std::move(reference).error());
}

}  // namespace wasm_grpc::registry
