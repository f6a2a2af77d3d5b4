#include "access/token_verifier.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "access/base64url.h"
#include "json/text/numbers.h"

namespace wasm_grpc::access {

namespace {

/// Its three parts (RFC 7515, 7.1).
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;
};

std::optional<Parts> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

struct Header {
  Algorithm algorithm;
  std::optional<std::string> key_id;
};

std::optional<Header> read_header(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text) return std::nullopt;
  const auto read = read_value(*text);
  if (!read.ok()) return std::nullopt;
  const Value& value = read.value();
  const Value* algorithm = value.find("alg");
  if (algorithm == nullptr || !algorithm->is(Value::Kind::string) || value.find("crit") != nullptr) return std::nullopt;
  const auto known = parse_algorithm(algorithm->text);
  if (!known) return std::nullopt;
  Header header{*known, std::nullopt};
  if (const Value* id = value.find("kid")) {
    if (!id->is(Value::Kind::string)) return std::nullopt;
    header.key_id = id->text;
  }
  return header;
}

/// A claim that is a time; `otherwise` where it is not there. Nothing where it is no number.
std::optional<double> time_in(const Value& claims, std::string_view key, double otherwise) {
  const Value* value = claims.find(key);
  if (value == nullptr) return otherwise;
  return value->is(Value::Kind::number) ? json::float64_of(value->text) : std::nullopt;
}

/// A claim that is a text; empty where it is not there. Nothing where it is no string.
std::optional<std::string> text_in(const Value& claims, std::string_view key) {
  const Value* value = claims.find(key);
  if (value == nullptr) return std::string();
  return value->is(Value::Kind::string) ? std::optional(value->text) : std::nullopt;
}

/// `aud` is a string, or an array of strings (RFC 7519, 4.1.3).
bool is_for(const Value& claims, const std::vector<std::string>& audiences) {
  const Value* value = claims.find("aud");
  if (value == nullptr) return false;
  const auto is_one = [&](const Value& one) {
    return one.is(Value::Kind::string) && std::find(audiences.begin(), audiences.end(), one.text) != audiences.end();
  };
  if (value->is(Value::Kind::array)) return std::any_of(value->items.begin(), value->items.end(), is_one);
  return is_one(*value);
}

}  // namespace

std::string_view name(TokenFault fault) noexcept {
  switch (fault) {
    case TokenFault::malformed:
      return "malformed";
    case TokenFault::issuer:
      return "issuer";
    case TokenFault::audience:
      return "audience";
    case TokenFault::expired:
      return "expired";
    case TokenFault::not_yet:
      return "not yet valid";
    case TokenFault::signature:
      return "signature";
  }
  return {};
}

TokenCheck TokenVerifier::verify(std::string_view token, std::chrono::system_clock::time_point now) const {
  const auto fails = [](TokenFault fault) { return TokenCheck{nullptr, fault}; };
  if (token.size() > max_token_bytes) return fails(TokenFault::malformed);
  const auto parts = split(token);
  if (!parts) return fails(TokenFault::malformed);
  const auto header = read_header(parts->header);
  auto payload = base64url_decode(parts->payload);
  const auto signature = base64url_decode(parts->signature);
  if (!header || !payload || !signature) return fails(TokenFault::malformed);
  auto read = read_value(*payload);
  if (!read.ok() || !read.value().is(Value::Kind::object)) return fails(TokenFault::malformed);
  const Value& claims = read.value();

  const auto issuer = text_in(claims, "iss");
  const auto subject = text_in(claims, "sub");
  constexpr double never = std::numeric_limits<double>::quiet_NaN();
  const auto expires = time_in(claims, "exp", never);
  const auto from = time_in(claims, "nbf", 0);
  if (!issuer || !subject || !expires || !from || !time_in(claims, "iat", 0)) return fails(TokenFault::malformed);

  const auto trusted =
      std::find_if(issuers_.begin(), issuers_.end(), [&](const TrustedIssuer& one) { return one.name == *issuer; });
  if (trusted == issuers_.end()) return fails(TokenFault::issuer);
  if (!is_for(claims, trusted->audiences)) return fails(TokenFault::audience);
  auto good = std::make_shared<VerifiedToken>();
  const auto leeway = static_cast<double>(leeway_.count());
  good->good_until = *expires + leeway;
  good->good_from = *from - leeway;
  // Also where there is none: no comparison holds of it.
  if (!(seconds_of(now) < good->good_until)) return fails(TokenFault::expired);
  if (seconds_of(now) < good->good_from) return fails(TokenFault::not_yet);
  if (!trusted->keys->verify(header->algorithm, header->key_id, parts->signed_text, *signature)) {
    return fails(TokenFault::signature);
  }
  good->subject = *subject;
  good->claims = std::move(*payload);
  good->text = token;
  good->parsed = {*issuer, *subject, std::move(read).value()};
  return {std::move(good), {}};
}

}  // namespace wasm_grpc::access
