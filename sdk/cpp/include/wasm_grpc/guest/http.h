// Plain HTTP in a guest: requests that are not gRPC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/stream.h"

namespace wasm_grpc::guest {

/// The request of an HTTP exchange. Valid while its handler runs.
class HttpRequest {
 public:
  HttpRequest(const Context& context, Reader& body) : context_(&context), body_(&body) {}
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  /// "GET", "POST", …
  [[nodiscard]] std::string method() const { return context_->http_method().value_or(std::string()); }
  /// The path with its query as the client sent it: "/files/a%20b?sort=name". Nothing in it is decoded or resolved.
  [[nodiscard]] std::string target() const { return context_->path(); }
  /// The value of the index-th (from 0) header of that name (lower-case), or nothing. The client may have sent any
  /// bytes but control characters.
  [[nodiscard]] std::optional<std::string> header(std::string_view name, std::uint32_t index = 0) const {
    return context_->metadata(name, index);
  }

  /// The next piece of the body, 16 KiB at most; waits until there is one. Nothing after the last one, or when the
  /// client is gone. The bytes live until the next read.
  [[nodiscard]] std::optional<Bytes> read() { return body_->read(); }
  /// After read() gave nothing: whether that was because the client is gone, not because the body has ended.
  [[nodiscard]] bool cancelled() const noexcept { return body_->cancelled(); }
  /// The whole body. Nothing when it has more than `limit` bytes, or the client is gone.
  [[nodiscard]] std::optional<std::string> read_all(std::size_t limit) {
    std::string body;
    while (const auto piece = read()) {
      if (piece->size() > limit - body.size()) return std::nullopt;
      body.append(piece->data(), piece->size());
    }
    if (cancelled()) return std::nullopt;
    return body;
  }

 private:
  const Context* context_;
  Reader* body_;
};

/// The response of an HTTP exchange. Status and headers leave with the first piece of the body, or at the end.
class HttpResponse {
 public:
  HttpResponse(const Context& context, Writer& body) : context_(&context), body_(&body) {}
  HttpResponse(const HttpResponse&) = delete;
  HttpResponse& operator=(const HttpResponse&) = delete;

  /// 200 to 599; 200 without it. False, and nothing changes, for others and when the headers have left.
  bool set_status(int status) const {
    return abi::wasm_grpc_1_http_status(context_->id(), static_cast<std::int32_t>(status)) == abi::ok;
  }
  /// Adds a header. The name is lower-case; the value printable ASCII. False, and nothing is added, for others, for
  /// those that are the host's (content-length, connection, …), when they have left, or past 16 KiB in all.
  bool add_header(std::string_view name, std::string_view value) const {
    return context_->add_header(name, Bytes(value));
  }
  /// Sends status and headers now rather than with the first piece of the body.
  bool send_headers() const { return context_->send_headers(); }
  /// Sends a piece of the body; waits while the client does not read fast enough. False when it cannot be delivered any
  /// more: stop and return. To a HEAD request nothing of it is sent.
  [[nodiscard]] bool write(Bytes piece) const { return body_->write(piece); }

  /// A whole answer: return what it returns.
  [[nodiscard]] Status reply(int status, std::string_view content_type, Bytes body) const {
    (void)set_status(status);
    (void)add_header("content-type", content_type);
    // Who cannot be written to is gone: nobody sees a status either.
    if (!body.empty()) (void)write(body);
    return Status();
  }

 private:
  const Context* context_;
  Writer* body_;
};

namespace detail {

template <typename Handler>
std::int32_t serve_http(void* state, Instance& instance, std::int32_t call) {
  Context context(call, instance);
  Reader in(call, instance.request);
  Writer out(call);
  HttpRequest request(context, in);
  HttpResponse response(context, out);
  const Status status = (*static_cast<Handler*>(state))(context, request, response);
  if (!status.message().empty()) (void)context.finish(status);
  return static_cast<std::int32_t>(status.code());
}

}  // namespace detail

}  // namespace wasm_grpc::guest
