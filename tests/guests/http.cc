// Serves plain HTTP beside a gRPC method.
#include <cstdlib>
#include <string>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

WASM_GRPC_SERVICES(registry) {
  registry.service("test.Http").unary("Echo", [](Context&, Bytes request) { return Reply(request); });

  registry.http("/", [](Context&, HttpRequest& request, HttpResponse& response) {
    return response.reply(200, "text/plain", Bytes("the page " + request.target()));
  });
  // Comes back piece by piece, with what was said of it.
  registry.http("/echo", [](Context&, HttpRequest& request, HttpResponse& response) {
    (void)response.add_header("request-method", request.method());
    (void)response.add_header("content-type", request.header("content-type").value_or("text/plain"));
    while (const auto piece = request.read()) {
      if (!response.write(*piece)) break;
    }
    return Status();
  });
  registry.http("/limited", [](Context&, HttpRequest& request, HttpResponse& response) {
    const auto body = request.read_all(10);
    if (!body) return response.reply(413, "text/plain", "at most 10 bytes");
    return response.reply(200, "text/plain", Bytes(*body));
  });
  registry.http("/fail", [](Context&, HttpRequest&, HttpResponse&) {
    return Status(StatusCode::permission_denied, "not for you");
  });
  registry.http("/spin", [](Context&, HttpRequest&, HttpResponse&) -> Status {
    for (volatile int turns = 0;;) turns = turns + 1;
  });
  // "/bytes?N": so many, in one piece.
  registry.http("/bytes", [](Context&, HttpRequest& request, HttpResponse& response) {
    const std::string target = request.target();
    const std::string bytes(std::strtoul(target.substr(target.find('?') + 1).c_str(), nullptr, 10), 'x');
    (void)response.write(bytes);
    return Status();
  });
  registry.http("/trap", [](Context&, HttpRequest&, HttpResponse&) -> Status { __builtin_trap(); });
  registry.http("/trap-late", [](Context&, HttpRequest&, HttpResponse& response) -> Status {
    (void)response.write("part");
    __builtin_trap();
  });
}
