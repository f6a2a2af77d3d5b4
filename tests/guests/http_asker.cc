// Asks the target "web" for plain HTTP, in a handler and in a coroutine. The request is "PATH", or "PATH BODY".
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

/// Its views are of the request.
HttpQuestion question_of(Bytes request) {
  const std::string_view text = request.text();
  const std::size_t space = text.find(' ');
  HttpQuestion question{.path = text.substr(0, space), .headers = {{"x-who", "you"}}};
  if (space != std::string_view::npos) {
    question.method = "POST";
    question.body = text.substr(space + 1);
  }
  return question;
}

Reply reply_of(const Result<HttpAnswer>& answer) {
  if (!answer.is_ok()) return answer.status();
  return std::to_string(answer->status) + " " + std::string(answer->header("x-from").value_or("")) + " " + answer->body;
}

Reply ask(Context& context, Bytes request) { return reply_of(HttpTarget("web").ask(context, question_of(request))); }

Task<Reply> ask_in_coroutine(Context& context, Bytes request) {
  const auto answer = co_await AsyncHttpTarget("web").ask(context, question_of(request));
  co_return reply_of(answer);
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("test.Asker").unary("Ask", ask).unary("AskInCoroutine", ask_in_coroutine);
}
