#include "facade/cors.h"

#include <algorithm>

namespace wasm_grpc::facade {

namespace {

// Of the names that a page may read anyway some are not worth listing, and those of the connection mean nothing to it.
constexpr std::string_view always_exposed = "grpc-status, grpc-message, grpc-status-details-bin";
// Two hours, the most that Chromium keeps it for; others cut it down themselves.
constexpr std::string_view preflight_seconds = "7200";
constexpr std::size_t max_asked_headers = 4096;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
}

// "https://app.example.com:8443", as browsers write it: in lower case, without a path (RFC 6454, 6.2).
bool is_origin(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) return false;
  const std::string_view scheme = text.substr(0, scheme_end);
  const std::string_view host = text.substr(scheme_end + 3);
  const auto is_scheme = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+';
  };
  return !host.empty() && std::ranges::all_of(scheme, is_scheme) && std::ranges::all_of(host, is_host_character);
}

bool is_header_list(std::string_view text) {
  return text.size() <= max_asked_headers && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.' || c == ',' || c == ' ';
         });
}

}  // namespace

Result<Cors> Cors::parse(std::span<const std::string> origins) {
  Cors cors;
  for (const std::string& text : origins) {
    if (text == "*") {
      cors.all_ = true;
      continue;
    }
    const auto star = text.find('*');
    std::string_view checked = text;
    std::string without;
    if (star != std::string::npos) {
      without = text;
      without.replace(star, 1, "a");
      checked = without;
    }
    const bool first_label = star == std::string::npos || (star >= 3 && text.compare(star - 3, 3, "://") == 0 &&
                                                           star + 1 < text.size() && text[star + 1] == '.');
    if (!first_label || !is_origin(checked)) {
      return Error{"the origin \"" + text +
                   "\" is none: expected one such as https://app.example.com or http://localhost:8080, in lower case "
                   "and without a path; https://*.example.com for one label; or * for all"};
    }
    if (star == std::string::npos) {
      cors.origins_.push_back({text, {}, false});
    } else {
      cors.origins_.push_back({text.substr(0, star), text.substr(star + 1), true});
    }
  }
  return cors;
}

bool Cors::allows(std::string_view origin) const noexcept {
  if (all_) return true;
  return std::ranges::any_of(origins_, [&](const Origin& allowed) {
    if (!allowed.wildcard) return origin == allowed.start;
    if (origin.size() <= allowed.start.size() + allowed.rest.size()) return false;
    if (!origin.starts_with(allowed.start) || !origin.ends_with(allowed.rest)) return false;
    const std::string_view label =
        origin.substr(allowed.start.size(), origin.size() - allowed.start.size() - allowed.rest.size());
    return std::ranges::all_of(label, [](char c) { return is_host_character(c) && c != '.' && c != ':'; });
  });
}

void Cors::add_origin(std::string_view origin, rpc::Metadata& fields) const {
  fields.add("access-control-allow-origin", all_ ? "*" : origin);
}

void Cors::add_fields(std::string_view origin, const rpc::Metadata& exposed, rpc::Metadata& fields) const {
  std::string names(always_exposed);
  for (const auto [key, value] : exposed) names.append(", ").append(key);
  add_origin(origin, fields);
  fields.add("access-control-expose-headers", names);
  if (!all_) fields.add("vary", "origin");
}

void Cors::add_preflight_fields(std::string_view origin, const rpc::Metadata& asked, rpc::Metadata& fields) const {
  add_origin(origin, fields);
  fields.add("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE");
  if (const auto headers = asked.get("access-control-request-headers"); headers && is_header_list(*headers)) {
    fields.add("access-control-allow-headers", *headers);
  }
  fields.add("access-control-max-age", preflight_seconds);
  fields.add("vary", "origin, access-control-request-method, access-control-request-headers");
}

bool is_preflight(std::string_view http_method, const rpc::Metadata& fields) noexcept {
  return http_method == "OPTIONS" && fields.get("origin") && fields.get("access-control-request-method");
}

}  // namespace wasm_grpc::facade
