#include "facade/rest/open.h"

#include <array>

#include "facade/encodings.h"
#include "facade/facades.h"
#include "facade/own_fields.h"
#include "facade/rest/exchange.h"
#include "facade/unknown_method.h"

namespace wasm_grpc::facade::rest {

namespace {

constexpr std::array<std::string_view, 3> own_fields = {"accept-encoding", "content-encoding", "content-length"};

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find_first_of("; "));
  return type.empty() || type == "application/json";
}

Opening refused(const Match& match) {
  Opening opening;
  opening.http_status = 405;
  opening.refusal = {rpc::StatusCode::unknown, "This path takes " + match.allow + " only.\n"};
  opening.header_name = "allow";
  opening.header_value = match.allow;
  return opening;
}

}  // namespace

Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools) {
  if (tools.facades.cors.is_on() && is_preflight(head.http_method, head.fields)) return {};
  const Routes& routes = tools.facades.routes;
  if (routes.empty() || head.target.empty() || head.target.front() != '/') return {};
  const Match match = routes.find(head.http_method, head.target);
  if (match.rule == nullptr) {
    const bool is_anothers = match.allow.empty() || methods.find_http(head.target) != nullptr;
    return is_anothers ? Opening() : refused(match);
  }
  const rpc::Method* const method = methods.find(match.rule->method);
  if (method == nullptr) return {};

  Opening opening;
  if (!is_json(head.content_type)) {
    opening.http_status = 415;
    opening.refusal = {rpc::StatusCode::unknown,
                       "The body at this path is to be application/json, not " + quoted(head.content_type) + ".\n"};
    return opening;
  }
  rpc::Encoding encoding = rpc::Encoding::identity;
  opening.refusal = head.grpc_refusal;
  if (const auto named = head.fields.get("content-encoding"); named && *named != "identity") {
    if (rpc::Status unknown = read_encoding(*named, encoding); opening.refusal.ok())
      opening.refusal = std::move(unknown);
  }
  const rpc::EncodingSet accepted = accepted_encodings(head.fields, "accept-encoding");
  opening.exchange = std::make_unique<RestExchange>(
      RestTerms{tools.facades.schemas.find(method->path), rpc::streams_requests(method->kind),
                rpc::streams_responses(method->kind), encoding, accepted.contains(rpc::Encoding::gzip)},
      routes, head, tools);
  opening.method = method;
  opening.timeout = head.grpc_timeout;
  drop_fields(own_fields, head.fields);
  return opening;
}

}  // namespace wasm_grpc::facade::rest
