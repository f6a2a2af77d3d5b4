#include "access/principals.h"

#include <algorithm>
#include <utility>

#include "text/lower_case.h"

namespace wasm_grpc::access {

namespace {

constexpr std::string_view subject_kind = "sub";
constexpr const char* expected =
    "expected one of dns:, uri:, cn:, email:, ip: or sub: and a name, a URI, a DNS name, \"*\" or \"\"";

constexpr TlsNameKind all_kinds[] = {TlsNameKind::dns, TlsNameKind::uri, TlsNameKind::common_name, TlsNameKind::email,
                                     TlsNameKind::ip};

bool has_upper_case(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_dns_pattern(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '*';
  });
}

}  // namespace

Result<> Principals::add(std::string_view principal) {
  ++count_;
  if (principal.empty()) {
    no_certificate_ = true;
    return success();
  }
  if (principal == "*") {
    any_name_ = true;
    return success();
  }
  const auto colon = principal.find(':');
  const std::string_view kind = principal.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool is_typed = kind == subject_kind || std::any_of(std::begin(all_kinds), std::end(all_kinds),
                                                            [&](TlsNameKind k) { return kind == name(k); });
  const std::string_view text = is_typed ? principal.substr(colon + 1) : principal;
  auto pattern = Pattern::parse(text);
  if (!pattern) return Error{"an asterisk may be at one end only, once"};
  if (is_typed && text.empty()) return Error{"there is no name after the colon"};
  if (kind == subject_kind) {
    subjects_.add(std::move(*pattern));
    return success();
  }
  const auto names_of = [this](TlsNameKind k) -> Names& { return names_[static_cast<std::size_t>(k)]; };
  auto in_lower_case = Pattern::parse(text::lower_case(text));
  if (is_typed) {
    const auto found =
        std::find_if(std::begin(all_kinds), std::end(all_kinds), [&](TlsNameKind k) { return kind == name(k); });
    names_of(*found).add(*found == TlsNameKind::dns ? std::move(*in_lower_case) : std::move(*pattern));
    return success();
  }
  // Without its kind it must be clear what is meant: a kind that is misspelt would deny nobody.
  if (text.find("://") == std::string_view::npos && !is_dns_pattern(text)) return Error{expected};
  names_of(TlsNameKind::uri).add(std::move(*pattern));
  names_of(TlsNameKind::dns).add(std::move(*in_lower_case));
  return success();
}

void Principals::Names::add(Pattern&& pattern) {
  if (pattern.kind() == Pattern::Kind::exact) {
    exact.insert(pattern.text());
  } else {
    others.push_back(std::move(pattern));
  }
}

bool Principals::Names::match(std::string_view name) const {
  if (!exact.empty() && exact.find(name) != exact.end()) return true;
  return std::any_of(others.begin(), others.end(), [&](const Pattern& pattern) { return pattern.matches(name); });
}

bool Principals::match(const TlsName& name) const {
  const Names& names = names_[static_cast<std::size_t>(name.kind)];
  if (name.kind == TlsNameKind::dns && has_upper_case(name.value)) return names.match(text::lower_case(name.value));
  return names.match(name.value);
}

bool Principals::match(const Identity& identity) const {
  if (no_certificate_ && identity.is_encrypted && identity.names.empty()) return true;
  if (any_name_ && !identity.names.empty()) return true;
  if (identity.claims != nullptr && !identity.claims->subject.empty() && subjects_.match(identity.claims->subject)) {
    return true;
  }
  return std::any_of(identity.names.begin(), identity.names.end(), [this](const TlsName& name) { return match(name); });
}

}  // namespace wasm_grpc::access
