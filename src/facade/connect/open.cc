#include "facade/connect/open.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "facade/connect/query.h"
#include "facade/connect/streaming.h"
#include "facade/connect/unary.h"
#include "facade/encodings.h"
#include "facade/facades.h"
#include "facade/own_fields.h"
#include "facade/unknown_method.h"

namespace wasm_grpc::facade::connect {

namespace {

constexpr std::string_view unary_types = "application/proto, application/json";
constexpr std::string_view stream_types = "application/connect+proto, application/connect+json";
constexpr std::array<std::string_view, 7> own_fields = {"accept-encoding",
                                                        "connect-accept-encoding",
                                                        "connect-content-encoding",
                                                        "connect-protocol-version",
                                                        "connect-timeout-ms",
                                                        "content-encoding",
                                                        "content-length"};

struct ContentType {
  bool stream = false;
  bool json = false;
  std::string_view name;
};

std::optional<ContentType> parse(std::string_view value) {
  static constexpr std::array<ContentType, 4> types = {{{false, false, "application/proto"},
                                                        {false, true, "application/json"},
                                                        {true, false, "application/connect+proto"},
                                                        {true, true, "application/connect+json"}}};
  value = value.substr(0, value.find_first_of("; "));
  const auto* const found = std::ranges::find(types, value, &ContentType::name);
  return found == types.end() ? std::nullopt : std::optional(*found);
}

Opening in_http(int status, std::string text, std::string_view header = {}, std::string_view value = {}) {
  Opening opening;
  opening.http_status = status;
  opening.refusal = {rpc::StatusCode::unknown, std::move(text)};
  opening.header_name = header;
  opening.header_value = value;
  return opening;
}

std::string undescribed() {
  return "The module of this method brings no descriptors, which JSON needs: call it in protobuf.\n";
}

/// What the fields say of a call, whatever its form. `prefix` is "connect-" for streams.
class CallTerms {
 public:
  CallTerms(const Head& head, std::string_view prefix) {
    if (const auto version = head.fields.get("connect-protocol-version"); version && *version != "1") {
      refuse(rpc::StatusCode::invalid_argument, "connect-protocol-version " + quoted(*version) + " is not 1");
    }
    if (const auto milliseconds = head.fields.get("connect-timeout-ms")) read_timeout(*milliseconds);
    if (const auto name = head.fields.get(std::string(prefix) + "content-encoding")) set_encoding(*name);
    accepted = accepted_encodings(head.fields, std::string(prefix) + "accept-encoding");
  }

  void set_encoding(std::string_view value) {
    if (value.empty() || value == "identity") return;
    if (rpc::Status unknown = read_encoding(value, encoding); refusal.ok()) refusal = std::move(unknown);
  }
  void refuse(rpc::StatusCode code, std::string message) {
    if (refusal.ok()) refusal = {code, std::move(message)};
  }

  rpc::Status refusal;  // the first
  std::optional<std::chrono::nanoseconds> timeout;
  rpc::Encoding encoding = rpc::Encoding::identity;
  rpc::EncodingSet accepted;

 private:
  void read_timeout(std::string_view text) {
    constexpr std::size_t most_digits = 10;
    std::int64_t milliseconds = -1;
    const char* const end = text.data() + text.size();
    const auto [stopped, wrong] = std::from_chars(text.data(), end, milliseconds);
    if (text.empty() || text.size() > most_digits || wrong != std::errc() || stopped != end || milliseconds < 0) {
      refuse(rpc::StatusCode::invalid_argument,
             "malformed connect-timeout-ms " + quoted(text) + ": expected one to ten digits");
      return;
    }
    timeout = std::chrono::milliseconds(milliseconds);
  }
};

/// The opening that `exchange` answers, with what is common to all.
Opening opened(const Head& head, const CallTerms& terms, bool json, std::unique_ptr<Exchange> exchange) {
  Opening opening;
  opening.exchange = std::move(exchange);
  opening.timeout = terms.timeout;
  if (!json) {  // the call sees to it
    opening.encoding = terms.encoding;
    opening.accepted = terms.accepted;
  }
  opening.refusal = terms.refusal;
  drop_fields(own_fields, head.fields);
  return opening;
}

Opening open_stream(const Head& head, const ContentType& type, const rpc::Method* method,
                    const rpc::MethodTable& methods, const Tools& tools) {
  CallTerms terms(head, "connect-");
  const bool gzip = type.json && terms.accepted.contains(rpc::Encoding::gzip);
  std::optional<JsonEnvelopes> json;
  if (method == nullptr) {
    terms.refusal = unknown_method(head.target, methods);
  } else if (method->kind == rpc::MethodKind::unary) {
    return in_http(415, "The method is unary: its content-type is one of " + std::string(unary_types) + ".\n",
                   "accept-post", unary_types);
  } else if (type.json) {
    const Schema* const schema = tools.facades.schemas.find(method->path);
    if (schema == nullptr) return in_http(415, undescribed(), "accept-post", "application/connect+proto");
    json.emplace(JsonMessages(*schema, tools.codec, tools.max_message_size), terms.encoding, gzip,
                 tools.max_message_size);
  }
  Opening opening =
      opened(head, terms, type.json, std::make_unique<StreamingExchange>(std::move(json), gzip, type.name));
  opening.method = method;
  return opening;
}

Opening open_unary(const Head& head, const ContentType& type, const rpc::Method& method, const Tools& tools) {
  if (method.kind != rpc::MethodKind::unary) {
    return in_http(415, "The method streams: its content-type is one of " + std::string(stream_types) + ".\n",
                   "accept-post", stream_types);
  }
  const Schema* const schema = tools.facades.schemas.find(method.path);
  if (type.json && schema == nullptr) return in_http(415, undescribed(), "accept-post", "application/proto");
  const CallTerms terms(head, "");
  UnaryTerms said;
  if (type.json) said.json.emplace(*schema, tools.codec, tools.max_message_size);
  said.encoding = terms.encoding;
  said.accepts_gzip = terms.accepted.contains(rpc::Encoding::gzip);
  GatheredBody body(head.fields, tools.max_message_size);
  Opening opening = opened(head, terms, type.json, std::make_unique<UnaryExchange>(std::move(said), std::move(body)));
  opening.method = &method;
  return opening;
}

/// The message of a GET request.
std::optional<std::string> message_of(std::string_view query) {
  auto message = parameter(query, "message");
  if (!message || parameter(query, "base64") != "1") return message;
  std::string bytes;
  if (!decode_base64(*message, bytes)) return std::nullopt;
  return bytes;
}

Opening open_get(const Head& head, std::string_view query, const rpc::Method& method, const Tools& tools) {
  const Schema* const schema = tools.facades.schemas.find(method.path);
  if (schema == nullptr || !schema->only_reads || method.kind != rpc::MethodKind::unary) {
    return in_http(405,
                   "Only methods that are described as free of side effects are called by GET; POST to this one.\n",
                   "allow", "POST");
  }
  const auto encoding = parameter(query, "encoding");
  if (encoding != "json" && encoding != "proto") {
    return in_http(415, "The query is to have encoding=json or encoding=proto.\n");
  }
  CallTerms terms(head, "");
  terms.encoding = rpc::Encoding::identity;  // of a body, which there is none of
  if (const auto compression = parameter(query, "compression")) terms.set_encoding(*compression);
  auto message = message_of(query);
  if (!message) {
    terms.refuse(rpc::StatusCode::invalid_argument,
                 "the query is to have message=..., in base64 where it says base64=1");
  } else if (message->size() > tools.max_message_size) {
    terms.refuse(rpc::StatusCode::resource_exhausted, "the request message is larger than this server accepts");
  }
  const bool json = encoding == "json";
  UnaryTerms said;
  if (json) said.json.emplace(*schema, tools.codec, tools.max_message_size);
  said.encoding = terms.encoding;
  said.accepts_gzip = terms.accepted.contains(rpc::Encoding::gzip);
  auto exchange = std::make_unique<UnaryExchange>(std::move(said), GatheredBody({}, 0));
  exchange->set_message(std::move(message).value_or(std::string()));
  Opening opening = opened(head, terms, json, std::move(exchange));
  opening.method = &method;
  return opening;
}

}  // namespace

Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools) {
  if (head.http_method == "GET") {
    const auto mark = head.target.find('?');
    if (mark == std::string_view::npos) return {};
    const rpc::Method* method = methods.find(head.target.substr(0, mark));
    const std::string_view query = head.target.substr(mark + 1);
    if (method == nullptr || (!parameter(query, "message") && parameter(query, "connect") != "v1")) return {};
    return open_get(head, query, *method, tools);
  }
  if (head.http_method != "POST") return {};
  const auto type = parse(head.content_type);
  if (!type) return {};
  const rpc::Method* method = methods.find(head.target);
  if (type->stream) return open_stream(head, *type, method, methods, tools);
  if (method != nullptr) return open_unary(head, *type, *method, tools);
  // It may be anybody's; a client that says so is told in its own words.
  if (!head.fields.get("connect-protocol-version")) return {};
  CallTerms terms(head, "");
  terms.refusal = unknown_method(head.target, methods);
  return opened(head, terms, type->json,
                std::make_unique<UnaryExchange>(UnaryTerms{}, GatheredBody(head.fields, tools.max_message_size)));
}

}  // namespace wasm_grpc::facade::connect
