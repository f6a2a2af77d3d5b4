#include "http2/session/forwarded_certificate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "net/tls/sort_names.h"
#include "rpc/percent.h"

namespace wasm_grpc::http2 {

namespace {

bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Takes a value off the front, up to the ',' or ';' that ends it. Nothing when its quotation marks do not close.
std::optional<std::string> take_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const std::string_view value = rest.substr(0, rest.find_first_of(",;"));
    rest.remove_prefix(value.size());
    return std::string(without_spaces(value));
  }
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest = without_spaces(rest.substr(i + 1));
      if (!rest.empty() && rest.front() != ',' && rest.front() != ';') return std::nullopt;
      return value;
    }
    // Only quotation marks are escaped; other backslashes are the value's own.
    if (rest[i] == '\\' && i + 1 < rest.size() && rest[i + 1] == '"') ++i;
    value += rest[i];
  }
  return std::nullopt;
}

/// The common name in a subject as RFC 2253 writes it. It is written from the end: the certificate's first comes last.
/// Empty where there is none, or the subject is written otherwise ("/O=...": where its values end cannot be told).
std::string common_name(std::string_view subject) {
  std::string found;
  std::string key;
  std::string value;
  bool in_value = false;
  bool quoted = false;
  const auto end_attribute = [&] {
    if (in_value && same_key(without_spaces(key), "CN") && !value.starts_with('#')) found = value;
    key.clear();
    value.clear();
    in_value = false;
  };
  for (std::size_t i = 0; i < subject.size(); ++i) {
    const char c = subject[i];
    if (!in_value) {
      if (c == '=') {
        in_value = true;
      } else {
        key += c;
      }
    } else if (c == '\\') {
      if (++i == subject.size()) return {};
      const int high = rpc::hex_value(subject[i]);
      const int low = i + 1 < subject.size() ? rpc::hex_value(subject[i + 1]) : -1;
      if (high >= 0 && low >= 0) {
        value += static_cast<char>(high << 4 | low);
        ++i;
      } else {
        value += subject[i];
      }
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '+' || c == ';')) {
      end_attribute();
    } else {
      value += c;
    }
  }
  if (quoted) return {};
  end_attribute();
  return found;
}

}  // namespace

std::optional<TlsNames> read_forwarded_certificate(std::string_view header) {
  TlsNames names;
  std::size_t bytes = 0;
  const auto add = [&](TlsNameKind kind, std::string value) {
    if (!is_sound_tls_name(value) || value.size() > max_tls_names_bytes - bytes) return;
    bytes += value.size();
    names.push_back({kind, std::move(value)});
  };
  std::string_view rest = header;
  for (;;) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = without_spaces(rest.substr(0, equals));
    if (key.empty() || key.find_first_of(",;\"") != std::string_view::npos) return std::nullopt;
    rest = rest.substr(equals + 1);
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    if (same_key(key, "DNS")) {
      add(TlsNameKind::dns, std::move(*value));
    } else if (same_key(key, "URI")) {
      add(TlsNameKind::uri, std::move(*value));
    } else if (same_key(key, "Subject") && !value->starts_with('/')) {
      if (std::string name = common_name(*value); !name.empty()) add(TlsNameKind::common_name, std::move(name));
    }
    if (rest.empty()) break;
    if (rest.front() == ',') {  // another has added to it
      names.clear();
      bytes = 0;
    }
    rest.remove_prefix(1);
  }
  net::sort_by_kind(names);
  return names;
}

}  // namespace wasm_grpc::http2
