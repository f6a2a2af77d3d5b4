// Targets: the services that the operator lets the guest call, each by its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client/async_call_stream.h"
#include "wasm_grpc/guest/client/call_stream.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/client/pending_reply.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/result.h"

namespace wasm_grpc::guest {

namespace detail {

/// A message that is no bytes.
template <typename Message>
concept Struct = !std::is_convertible_v<const Message&, Bytes>;

}  // namespace detail

/// Says that the module needs the target, so that it does not load where that is not granted. In WASM_GRPC_SERVICES.
inline void require_target(std::string_view name) {
  // Refused, the host fails the load, and says why.
  (void)abi::wasm_grpc_client_1_require(name.data(), static_cast<std::uint32_t>(name.size()));
}

/// A target for handlers, which wait for what they call. Requests are structs or Bytes; responses are structs, or
/// std::string for bytes. `path` is "/package.Service/Method". Generated stubs are made of it.
///
/// A call that cannot be made, as when the target is not granted, ends with a status that says so.
class Target {
 public:
  explicit Target(std::string_view name) : name_(name) {}

  /// One request, one response.
  template <typename Reply, detail::Struct Request>
  [[nodiscard]] Result<Reply> unary(const Context& context, std::string_view path, const Request& request,
                                    const CallOptions& options = {}) const {
    detail::CallOfHandler call(context, name_, path, abi::unary, options);
    (void)call.send(request, true);
    return call.reply<Reply>();
  }
  [[nodiscard]] Result<std::string> unary(const Context& context, std::string_view path, Bytes request,
                                          const CallOptions& options = {}) const {
    detail::CallOfHandler call(context, name_, path, abi::unary, options);
    (void)call.send(request, true);
    return call.reply<std::string>();
  }
  /// One request, many responses.
  template <typename Reply, detail::Struct Request>
  [[nodiscard]] CallReader<Reply> server_stream(const Context& context, std::string_view path, const Request& request,
                                                const CallOptions& options = {}) const {
    return CallReader<Reply>(context, name_, path, request, options);
  }
  [[nodiscard]] CallReader<std::string> server_stream(const Context& context, std::string_view path, Bytes request,
                                                      const CallOptions& options = {}) const {
    return CallReader<std::string>(context, name_, path, request, options);
  }
  /// Many requests, one response.
  template <typename Request = Bytes, typename Reply = std::string>
  [[nodiscard]] CallWriter<Request, Reply> client_stream(const Context& context, std::string_view path,
                                                         const CallOptions& options = {}) const {
    return CallWriter<Request, Reply>(context, name_, path, options);
  }
  /// Many requests, many responses.
  template <typename Request = Bytes, typename Reply = std::string>
  [[nodiscard]] CallReaderWriter<Request, Reply> bidi_stream(const Context& context, std::string_view path,
                                                             const CallOptions& options = {}) const {
    return CallReaderWriter<Request, Reply>(context, name_, path, options);
  }

 private:
  std::string name_;
};

/// The same for coroutines, and for handlers that make several calls at once: calls go on beside what the guest does.
class AsyncTarget {
 public:
  explicit AsyncTarget(std::string_view name) : name_(name) {}

  /// One request, one response.
  template <typename Reply, detail::Struct Request>
  [[nodiscard]] PendingReply<Reply> unary(const Context& context, std::string_view path, const Request& request,
                                          const CallOptions& options = {}) const {
    return PendingReply<Reply>(context, name_, path, request, options);
  }
  [[nodiscard]] PendingReply<std::string> unary(const Context& context, std::string_view path, Bytes request,
                                                const CallOptions& options = {}) const {
    return PendingReply<std::string>(context, name_, path, request, options);
  }
  /// One request, many responses.
  template <typename Reply, detail::Struct Request>
  [[nodiscard]] CallInStream<Reply> server_stream(const Context& context, std::string_view path, const Request& request,
                                                  const CallOptions& options = {}) const {
    return CallInStream<Reply>(context, name_, path, request, options);
  }
  [[nodiscard]] CallInStream<std::string> server_stream(const Context& context, std::string_view path, Bytes request,
                                                        const CallOptions& options = {}) const {
    return CallInStream<std::string>(context, name_, path, request, options);
  }
  /// Many requests, one response.
  template <typename Request = Bytes, typename Reply = std::string>
  [[nodiscard]] CallOutStream<Request, Reply> client_stream(const Context& context, std::string_view path,
                                                            const CallOptions& options = {}) const {
    return CallOutStream<Request, Reply>(context, name_, path, options);
  }
  /// Many requests, many responses.
  template <typename Request = Bytes, typename Reply = std::string>
  [[nodiscard]] CallStream<Request, Reply> bidi_stream(const Context& context, std::string_view path,
                                                       const CallOptions& options = {}) const {
    return CallStream<Request, Reply>(context, name_, path, options);
  }

 private:
  std::string name_;
};

}  // namespace wasm_grpc::guest
