// Plain HTTP that a guest asks for: targets whose address is one of HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/buffer.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client/abi.h"
#include "wasm_grpc/guest/client/async_made_call.h"
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

namespace detail {

[[nodiscard]] inline CallOptions options_of(const HttpQuestion& question) {
  CallOptions options{.timeout = question.timeout};
  options.metadata.push_back({":method", question.method});
  if (!question.authority.empty()) options.metadata.push_back({":authority", question.authority});
  options.metadata.insert(options.metadata.end(), question.headers.begin(), question.headers.end());
  return options;
}

/// An answer, as the pieces of its body come.
class HttpPieces {
 public:
  explicit HttpPieces(std::size_t most_body) noexcept : most_body_(most_body) {}

  /// Takes what is there. Whether no more comes.
  [[nodiscard]] bool take(const MadeCall& call, Buffer& buffer) {
    for (;;) {
      Bytes piece;
      const Received received = call.receive(buffer, piece);
      if (received != Received::message) return received != Received::nothing_yet;
      if (piece.size() > most_body_ - answer_.body.size()) {
        call.cancel();
        too_large_ = true;
        return true;
      }
      answer_.body.append(piece.data(), piece.size());
    }
  }
  /// The whole of it, or why there is none. Once.
  [[nodiscard]] Result<HttpAnswer> end(const MadeCall& call) {
    if (too_large_) {
      return Status::resource_exhausted("the body of the answer has more than " + std::to_string(most_body_) +
                                        " bytes");
    }
    if (Status status = call.status(); !status.is_ok()) return status;
    for (const auto& [key, value] : call.metadata(abi::headers)) {
      if (key == ":status") {
        for (const char digit : value) answer_.status = answer_.status * 10 + (digit - '0');
      } else {
        answer_.headers.emplace_back(key, value);
      }
    }
    return std::move(answer_);
  }

 private:
  std::size_t most_body_;
  bool too_large_ = false;
  HttpAnswer answer_;
};

}  // namespace detail

/// A target for handlers, which wait for the answer. It does not follow redirects.
class HttpTarget {
 public:
  explicit HttpTarget(std::string_view name) : name_(name) {}

  /// Asks, and takes the whole answer; or why there is none: PERMISSION_DENIED, UNAVAILABLE, DEADLINE_EXCEEDED, …
  [[nodiscard]] Result<HttpAnswer> ask(const Context& context, const HttpQuestion& question) const {
    const detail::MadeCall call(context, name_, question.path, WASM_GRPC_HTTP, detail::options_of(question));
    (void)call.send(question.body, true);  // the first is taken whole
    detail::HttpPieces pieces(question.most_body);
    Buffer& buffer = detail::instance_of(context).of_calls_made;
    while (!pieces.take(call, buffer) && call.wait(abi::client_readable, -1) > 0) {
    }
    return pieces.end(call);
  }

 private:
  std::string name_;
};

/// An answer that is to come. It is let go of, and given up where it is not there, when the object goes; it is not to
/// outlive the call that it was asked for. Once moved from it is of no use.
class [[nodiscard]] PendingHttpAnswer {
 public:
  PendingHttpAnswer(const Context& context, std::string_view target, const HttpQuestion& question)
      : asked_(std::make_unique<Asked>(context, target, question)) {
    asked_->call.send_last(question.body);
  }

  /// `co_await pending` gives the whole answer, or why there is none. Once.
  [[nodiscard]] auto operator co_await() const {
    return detail::Retrying<Await>(asked_->call, asked_->call.readable(), Await{asked_.get()});
  }
  /// Gives it up: it ends with CANCELLED, unless it has ended.
  void cancel() const { asked_->call.host().cancel(); }

 private:
  struct Asked {
    Asked(const Context& context, std::string_view target, const HttpQuestion& question)
        : call(context, target, question.path, WASM_GRPC_HTTP, detail::options_of(question)),
          pieces(question.most_body) {}
    detail::AsyncMadeCall call;
    detail::HttpPieces pieces;
  };
  struct Await {
    [[nodiscard]] bool step() const { return asked->pieces.take(asked->call.host(), asked->call.buffer()); }
    [[nodiscard]] Result<HttpAnswer> result() const { return asked->pieces.end(asked->call.host()); }
    Asked* asked;
  };

  std::unique_ptr<Asked> asked_;
};

/// The same for coroutines: questions are asked beside what the guest does.
///
///   const Result<HttpAnswer> answer = co_await hooks.ask(context, {.path = "/v1/events"});
class AsyncHttpTarget {
 public:
  explicit AsyncHttpTarget(std::string_view name) : name_(name) {}

  [[nodiscard]] PendingHttpAnswer ask(const Context& context, const HttpQuestion& question) const {
    return PendingHttpAnswer(context, name_, question);
  }

 private:
  std::string name_;
};

}  // namespace wasm_grpc::guest
