#include "admin/router.h"

#include <exception>
#include <span>

namespace wasm_grpc::admin {

std::optional<Reply> refuse(const Gate& gate, const rpc::Call& call) {
  switch (gate.judge(call)) {
    case Gate::Verdict::may:
      break;
    case Gate::Verdict::no_token:
      return Reply{401,
                   "text/plain; charset=utf-8",
                   "send the token: Authorization: Bearer TOKEN, or as the password of any user\n",
                   {{"www-authenticate", "Basic realm=\"wasm-grpc\""}}};
    case Gate::Verdict::wrong_name:
      return Reply{403,
                   "text/plain; charset=utf-8",
                   "without a token (--admin-token-file) this is served to who asks for localhost or 127.0.0.1 only\n",
                   {}};
  }
  return std::nullopt;
}

void send(rpc::Call& call, const Reply& reply) {
  (void)call.set_http_status(reply.status);
  (void)call.add_header("content-type", reply.content_type);
  (void)call.add_header("cache-control", "no-store");
  (void)call.add_header("x-content-type-options", "nosniff");
  for (const auto& [name, value] : reply.headers) (void)call.add_header(name, value);
  (void)call.send(std::as_bytes(std::span(reply.body)));
  call.finish({});
}

Reply Router::answer(const rpc::Call& call) const {
  if (call.http_method() != "GET" && call.http_method() != "HEAD") {
    return {405, "text/plain; charset=utf-8", "only GET and HEAD are served here\n", {{"allow", "GET, HEAD"}}};
  }
  const std::string_view target = call.http_target();
  const std::size_t end = target.find('?');
  const Request request{target.substr(0, end), end == std::string_view::npos ? "" : target.substr(end + 1),
                        call.request_metadata().get("accept").value_or("")};
  const auto found = pages_.find(request.path);
  if (found == pages_.end()) {
    std::string known = "there is no such page; there are:\n";
    for (const auto& [path, entry] : pages_) known += path + "\n";
    return {404, "text/plain; charset=utf-8", std::move(known), {}};
  }
  if (found->second.whom == For::those_let_in) {
    if (auto refused = refuse(gate_, call)) return std::move(*refused);
  }
  return found->second.page(request);
}

void Router::start(rpc::Call& call) noexcept {
  try {
    send(call, answer(call));
  } catch (const std::exception& error) {
    call.finish({rpc::StatusCode::internal, error.what()});
  }
}

}  // namespace wasm_grpc::admin
