// The one place where calls of every protocol are held to the rules of who may call what, before anything serves them.
#include <algorithm>
#include <string>
#include <utility>

#include "http2/session/session_core.h"
#include "http2/session/stream.h"
#include "rpc/http_status.h"

namespace wasm_grpc::http2 {

// Also for what would be answered without a handler: that a method exists is for those to know who might call it. Not
// for questions of browsers, who show nothing of their user by them, and where fields are missing.
std::optional<OwnAnswer> Stream::ask_gate(const std::optional<OwnAnswer>& own) {
  SessionCore& core = session_->core();
  if (own && (own->preflight || head_.is_larger_than(session_->settings().clients.max_header_list_size)))
    return std::nullopt;
  const rpc::Method* method = head_.method();
  const bool is_method = method != nullptr && method->kind != rpc::MethodKind::http;
  const std::string_view asked = head_.target();
  const std::string_view path = is_method ? std::string_view(method->path) : asked.substr(0, asked.find('?'));
  auto refusal = core.gate->refuse(request_, {path, is_method});
  if (!refusal) return std::nullopt;
  return in_terms_of_client(std::move(*refusal), own ? own->http_status != 0 : !is_method);
}

OwnAnswer Stream::in_terms_of_client(rpc::Refusal&& refusal, bool in_http) const {
  OwnAnswer answer;
  if (in_http) {
    answer.http_status = rpc::http_status_of(refusal.status.code);
    answer.status = {rpc::StatusCode::unknown, refusal.status.message + "\n"};
    answer.after_request = true;  // as web servers do: some clients take an answer for none that comes before
  } else {
    answer.status = std::move(refusal.status);
    answer.after_request = facade_ != nullptr && facade_->exchange->answers_whole();
  }
  answer.challenge = std::move(refusal.challenge);
  answer.retry_after = refusal.retry_after;
  return answer;
}

// In gRPC the fields of HTTP mean nothing, and the other way round; gRPC-Web and streams of Connect have both.
void Stream::add_refusal_fields(const OwnAnswer& answer) {
  const bool is_whole = answer.http_status != 0 || (facade_ != nullptr && facade_->exchange->answers_whole());
  if (is_whole || facade_ != nullptr) {
    if (!answer.challenge.empty()) response_.headers.add("www-authenticate", answer.challenge);
    if (answer.retry_after) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(*answer.retry_after).count();
      response_.headers.add("retry-after", std::to_string(std::max<std::int64_t>(seconds, 1)));
    }
  }
  if (!is_whole && answer.retry_after) {
    response_.trailers.add("grpc-retry-pushback-ms", std::to_string(answer.retry_after->count()));
  }
}

}  // namespace wasm_grpc::http2
