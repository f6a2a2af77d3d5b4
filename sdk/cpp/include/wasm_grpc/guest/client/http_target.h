// Plain HTTP that a handler asks for: targets whose address is one of HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/status.h"

namespace wasm_grpc::guest {

/// What is asked for. The views are read when it is asked, and need not live longer.
struct HttpQuestion {
  std::string_view method = "GET";
  /// The path with its query: "/files?sort=name".
  std::string_view path = "/";
  /// Names in lower case, values of printable ASCII. What frames the message and names the server is the host's.
  std::vector<Metadata::Entry> headers = {};
  Bytes body = {};
  /// The server, "HOST[:PORT]", where the target has a wildcard; empty otherwise.
  std::string_view authority = {};
  /// How long it may take. It ends by the deadline of the call that it is asked for at the latest.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// Bytes that the body of the answer may have; a larger one is RESOURCE_EXHAUSTED.
  std::size_t most_body = std::size_t{1} << 20;
};

/// What a server has answered, whatever its status says.
struct HttpAnswer {
  int status = 0;  // 200 to 599
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of that name, in lower case; nothing where there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

/// A target for handlers, which wait for the answer. It does not follow redirects.
class HttpTarget {
 public:
  explicit HttpTarget(std::string_view name) : name_(name) {}

  /// Asks, and takes the whole answer; or why there is none: PERMISSION_DENIED, UNAVAILABLE, DEADLINE_EXCEEDED, …
  [[nodiscard]] Result<HttpAnswer> ask(const Context& context, const HttpQuestion& question) const {
    CallOptions options{.timeout = question.timeout};
    options.metadata.push_back({":method", question.method});
    if (!question.authority.empty()) options.metadata.push_back({":authority", question.authority});
    options.metadata.insert(options.metadata.end(), question.headers.begin(), question.headers.end());
    const detail::MadeCall call(context, name_, question.path, WASM_GRPC_HTTP, options);
    (void)call.send(question.body, true);  // the first is taken whole
    HttpAnswer answer;
    Buffer& buffer = detail::instance_of(context).of_calls_made;
    for (;;) {
      Bytes piece;
      const detail::Received received = call.receive(buffer, piece);
      if (received == detail::Received::nothing_yet && call.wait(abi::client_readable, -1) > 0) continue;
      if (received != detail::Received::message) break;
      if (piece.size() > question.most_body - answer.body.size()) {
        call.cancel();
        return Status::resource_exhausted("the body of the answer has more than " + std::to_string(question.most_body) +
                                          " bytes");
      }
      answer.body.append(piece.data(), piece.size());
    }
    if (Status status = call.status(); !status.is_ok()) return status;
    for (const auto& [key, value] : call.metadata(abi::headers)) {
      if (key == ":status") {
        for (const char digit : value) answer.status = answer.status * 10 + (digit - '0');
      } else {
        answer.headers.emplace_back(key, value);
      }
    }
    return answer;
  }

 private:
  std::string name_;
};

}  // namespace wasm_grpc::guest
