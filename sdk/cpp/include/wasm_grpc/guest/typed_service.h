// From a handler of structs to one of bytes, for the services that protoc-gen-wasm-grpc generates.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/coroutine.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/message_format.h"
#include "wasm_grpc/guest/message_stream.h"
#include "wasm_grpc/guest/reply.h"
#include "wasm_grpc/guest/request_check.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/service.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/stream.h"

namespace wasm_grpc::guest {

namespace detail {

[[nodiscard]] inline Status not_implemented(std::string_view method) {
  return Status::unimplemented(std::string(method).append(" is not implemented"));
}

template <typename Response>
[[nodiscard]] Reply to_reply(const Context& context, const Result<Response>& result) {
  if (!result.is_ok()) return result.status();
  return encode(*result, context.response_buffer());
}

/// What a method of a generated service takes and gives, from the type of a pointer to it.
template <typename Method>
struct MethodTypes;
template <typename Service, typename Response, typename Request>
struct MethodTypes<Result<Response> (Service::*)(Context&, const Request&)> {
  using ServiceType = Service;
  using RequestType = Request;
};
template <typename Service, typename Request, typename Response>
struct MethodTypes<Status (Service::*)(Context&, const Request&, MessageWriter<Response>&)> {
  using ServiceType = Service;
  using RequestType = Request;
  using ResponseType = Response;
};
template <typename Service, typename Response, typename Request>
struct MethodTypes<Result<Response> (Service::*)(Context&, MessageReader<Request>&)> {
  using ServiceType = Service;
  using RequestType = Request;
};
template <typename Service, typename Request, typename Response>
struct MethodTypes<Status (Service::*)(Context&, MessageReader<Request>&, MessageWriter<Response>&)> {
  using ServiceType = Service;
  using RequestType = Request;
  using ResponseType = Response;
};

}  // namespace detail

// A handler for guest::Service that decodes the request, calls the method of the service and encodes what it gives.
// `service` must live as long as the handler.

template <auto method, typename Types = detail::MethodTypes<decltype(method)>>
[[nodiscard]] auto typed_unary(typename Types::ServiceType& service) {
  using Request = typename Types::RequestType;
  return [&service](Context& context, Bytes bytes) -> Reply {
    if (!detail::speaks_protobuf(context.id())) return detail::only_protobuf();
    Request request;
    if (!decode(bytes, request)) return detail::malformed_request(Request::full_name);
    if (auto broken = detail::broken_rules_of(request)) return *std::move(broken);
    return detail::to_reply(context, (service.*method)(context, request));
  };
}

template <auto method, typename Types = detail::MethodTypes<decltype(method)>>
[[nodiscard]] auto typed_server_stream(typename Types::ServiceType& service) {
  using Request = typename Types::RequestType;
  return [&service](Context& context, Bytes bytes, Writer& out) -> Status {
    if (!detail::speaks_protobuf(context.id())) return detail::only_protobuf();
    Request request;
    if (!decode(bytes, request)) return detail::malformed_request(Request::full_name);
    if (auto broken = detail::broken_rules_of(request)) return *std::move(broken);
    MessageWriter<typename Types::ResponseType> writer(out, context.response_buffer());
    return (service.*method)(context, request, writer);
  };
}

template <auto method, typename Types = detail::MethodTypes<decltype(method)>>
[[nodiscard]] auto typed_client_stream(typename Types::ServiceType& service) {
  using Request = typename Types::RequestType;
  return [&service](Context& context, Reader& in) -> Reply {
    if (!detail::speaks_protobuf(context.id())) return detail::only_protobuf();
    MessageReader<Request> reader(in);
    const auto result = (service.*method)(context, reader);
    if (reader.malformed()) return reader.refusal();
    return detail::to_reply(context, result);
  };
}

template <auto method, typename Types = detail::MethodTypes<decltype(method)>>
[[nodiscard]] auto typed_bidi_stream(typename Types::ServiceType& service) {
  using Request = typename Types::RequestType;
  return [&service](Context& context, Reader& in, Writer& out) -> Status {
    if (!detail::speaks_protobuf(context.id())) return detail::only_protobuf();
    MessageReader<Request> reader(in);
    MessageWriter<typename Types::ResponseType> writer(out, context.response_buffer());
    Status status = (service.*method)(context, reader, writer);
    return reader.malformed() ? reader.refusal() : status;
  };
}

}  // namespace wasm_grpc::guest
