#include "client/web/web_target.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "client/outgoing/http/http_target.h"
#include "client/target.h"
#include "client/web/web_call.h"
#include "rpc/base64.h"

namespace wasm_grpc::client {

rpc::OutgoingCallPtr WebTarget::begin(const rpc::OutgoingRequest& request) {
  const WebBody body = body_of(protocol_, request.kind);
  rpc::Metadata fields;
  fields.add(":method", "POST");
  fields.add("content-type", content_type_of(body));
  if (protocol_ == WebProtocol::grpc_web) fields.add("x-grpc-web", "1");
  if (protocol_ == WebProtocol::connect) fields.add("connect-protocol-version", "1");
  if (request.deadline != rpc::Request::no_deadline) {
    constexpr std::int64_t most = 99'999'999;  // eight digits; of Connect's there may be ten
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(request.deadline - rpc::Clock::now()).count();
    const std::string text = std::to_string(std::clamp<std::int64_t>(left, 1, most));
    if (protocol_ == WebProtocol::grpc_web) {
      fields.add("grpc-timeout", text + "m");
    } else {
      fields.add("connect-timeout-ms", text);
    }
  }
  for (const auto [key, value] : request.metadata) {
    std::string text;
    if (rpc::is_binary_key(key)) {
      rpc::base64_encode(value, text);
    } else {
      text = value;
    }
    fields.add(key, text);
  }
  rpc::OutgoingCallPtr http =
      http_->begin({request.path, rpc::MethodKind::http, request.deadline, fields, request.parent});
  return rpc::OutgoingCallPtr(new WebCall(std::move(http), body, request, max_message_size_));  // let_go() ends it
}

Result<std::unique_ptr<rpc::CallTarget>> make_web_target(const ChannelContext& context, const ChannelOptions& options,
                                                         WebProtocol protocol) {
  const auto target = parse_target(options.address, options.tls);
  if (!target.ok()) return target.error();
  if (target.value().unix_socket) {
    return Error{"the address " + options.address + " is a unix socket, which is called by gRPC only"};
  }
  HttpTargetOptions http;
  http.name = target.value().host + ":" + target.value().port;
  http.tls = {target.value().tls, options.ca_file, options.certificate_file, options.key_file};
  http.authority = options.authority;
  http.connect_timeout = options.connect_timeout;
  http.any_fields = true;
  http.takes_any_certificate = options.insecure_skip_verify;
  http.tls_advice = options.tls_advice;
  auto calls = std::make_unique<HttpTarget>(
      context, std::move(http), HttpAddress{target.value().tls, target.value().host, target.value().port, false});
  return std::unique_ptr<rpc::CallTarget>(
      std::make_unique<WebTarget>(std::move(calls), protocol, options.max_message_size));
}

}  // namespace wasm_grpc::client
