#include "facade/grpc_web/open.h"

#include <array>

#include "facade/facades.h"
#include "facade/grpc_web/exchange.h"
#include "facade/own_fields.h"
#include "facade/unknown_method.h"

namespace wasm_grpc::facade::grpc_web {

namespace {

constexpr std::array<std::string_view, 1> own_fields = {"content-length"};

struct ContentType {
  bool text = false;
  std::string_view format;  // "+proto"
};

// "application/grpc-web", "-text" or not, "+format" or not, ";parameters" or not.
std::optional<ContentType> parse(std::string_view value) {
  constexpr std::string_view start = "application/grpc-web";
  constexpr std::string_view text = "-text";
  if (!value.starts_with(start)) return std::nullopt;
  value = value.substr(start.size());
  value = value.substr(0, value.find_first_of("; "));
  ContentType type;
  type.text = value.starts_with(text);
  if (type.text) value.remove_prefix(text.size());
  if (!value.empty() && value.front() != '+') return std::nullopt;
  type.format = value;
  return type;
}

}  // namespace

Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools) {
  Opening opening;
  if (head.http_method != "POST") return opening;
  const auto type = parse(head.content_type);
  if (!type) return opening;
  const auto accepted = head.fields.get("accept");
  const bool text_out = type->text || (accepted && accepted->starts_with("application/grpc-web-text"));
  WebTerms terms{.text_in = type->text, .text_out = text_out, .format = std::string(type->format)};
  opening.timeout = head.grpc_timeout;
  opening.refusal = head.grpc_refusal;
  opening.method = methods.find(head.target);
  if (type->format == "+json") {
    const Schema* const schema = opening.method != nullptr ? tools.facades.schemas.find(head.target) : nullptr;
    if (schema != nullptr) {
      terms.gzip = head.grpc_accepted.contains(rpc::Encoding::gzip);
      terms.json.emplace(JsonMessages(*schema, tools.codec, tools.max_message_size), head.grpc_encoding, terms.gzip,
                         tools.max_message_size);
    } else {
      opening.refusal = {rpc::StatusCode::unimplemented,
                         "the module of this method brings no descriptors, which JSON needs: call it in protobuf"};
    }
  } else {  // the call sees to it
    opening.encoding = head.grpc_encoding;
    opening.accepted = head.grpc_accepted;
    if (!type->format.empty() && type->format != "+proto") {
      opening.refusal = {
          rpc::StatusCode::unimplemented,
          "this server speaks application/grpc-web+proto and +json, not " + std::string(head.content_type)};
    }
  }
  if (opening.method == nullptr) opening.refusal = unknown_method(head.target, methods);
  opening.exchange = std::make_unique<WebExchange>(std::move(terms));
  drop_fields(own_fields, head.fields);
  return opening;
}

}  // namespace wasm_grpc::facade::grpc_web
