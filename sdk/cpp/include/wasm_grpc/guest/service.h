// Services: which handler serves which method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/async_call.h"
#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/coroutine.h"
#include "wasm_grpc/guest/http.h"
#include "wasm_grpc/guest/instance_events.h"
#include "wasm_grpc/guest/message_format.h"
#include "wasm_grpc/guest/reply.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/stream.h"
#include "wasm_grpc/guest/task.h"

namespace wasm_grpc::guest {

namespace detail {

/// Serves one call with the handler `state` points to; returns what wasm_grpc_call returns.
using Invoke = std::int32_t (*)(void* state, Instance& instance, std::int32_t call);
/// Begins the coroutine of a call with the handler `state` points to.
using Open = void (*)(void* state, AsyncLoop& loop, std::int32_t call);

/// Whether calls of `Handler` with `Arguments` give a coroutine of `Outcome`.
template <typename Outcome, typename Handler, typename... Arguments>
inline constexpr bool is_coroutine = std::is_invocable_r_v<Task<Outcome>, Handler&, Context&, Arguments...>;

[[nodiscard]] inline std::int32_t end_with(std::int32_t call, const Status& status) {
  add_details(call, status);
  if (!status.message().empty()) {
    (void)abi::wasm_grpc_1_finish(call, static_cast<std::int32_t>(status.code()), status.message().data(),
                                  static_cast<std::uint32_t>(status.message().size()));
  }
  return static_cast<std::int32_t>(status.code());
}

[[nodiscard]] inline std::int32_t end_with(std::int32_t call, const Reply& reply) {
  if (!reply.status().is_ok()) return end_with(call, reply.status());
  // A message that cannot be delivered: the client is gone, or the handler gave a status itself. Either way the host
  // knows better than this return value.
  return static_cast<std::int32_t>(Writer(call).write(reply.message()) ? StatusCode::ok : StatusCode::cancelled);
}

/// Receives the one request message and calls `serve` with it.
template <typename Serve>
[[nodiscard]] std::int32_t with_request(Instance& instance, std::int32_t call, Serve serve) {
  Reader in(call, instance.request);
  const auto request = in.read();
  if (request) return serve(*request);
  return static_cast<std::int32_t>(in.cancelled() ? StatusCode::cancelled : StatusCode::invalid_argument);
}

template <typename Handler>
std::int32_t serve_unary(void* state, Instance& instance, std::int32_t call) {
  return with_request(instance, call, [&](Bytes request) {
    Context context(call, instance);
    const Reply reply = (*static_cast<Handler*>(state))(context, request);
    return end_with(call, reply);
  });
}

template <typename Handler>
std::int32_t serve_client_stream(void* state, Instance& instance, std::int32_t call) {
  Context context(call, instance);
  Reader in(call, instance.request);
  const Reply reply = (*static_cast<Handler*>(state))(context, in);
  return end_with(call, reply);
}

template <typename Handler>
std::int32_t serve_server_stream(void* state, Instance& instance, std::int32_t call) {
  return with_request(instance, call, [&](Bytes request) {
    Context context(call, instance);
    Writer out(call);
    const Status status = (*static_cast<Handler*>(state))(context, request, out);
    return end_with(call, status);
  });
}

template <typename Handler>
std::int32_t serve_bidi_stream(void* state, Instance& instance, std::int32_t call) {
  Context context(call, instance);
  Reader in(call, instance.request);
  Writer out(call);
  const Status status = (*static_cast<Handler*>(state))(context, in, out);
  return end_with(call, status);
}

}  // namespace detail

class Service;

/// The methods of this guest, and what serves them. There is one per instance; WASM_GRPC_SERVICES gives it to you.
class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The service of that name, "package.Service", to add methods to.
  [[nodiscard]] Service service(std::string_view name);

  /// Makes one `Implementation` of a generated service and serves it for the life of the instance; returns it.
  template <typename Implementation, typename... Arguments>
  Implementation& serve(Arguments&&... arguments) {
    auto* const implementation = new Implementation(std::forward<Arguments>(arguments)...);
    services_.emplace_back(implementation, [](void* service) { delete static_cast<Implementation*>(service); });
    add_service(*this, *implementation);
    return *implementation;
  }

  /// Serves the HTTP requests that are not gRPC whose path is `path` or below it: "/" for all, or such as "/files". The
  /// longest path wins. `Status(Context&, HttpRequest&, HttpResponse&)`; a Status that is not OK becomes an HTTP status
  /// where nothing was sent yet, and breaks the answer off else.
  template <typename Handler>
  Registry& http(std::string_view path, Handler handler) {
    static_assert(std::is_invocable_r_v<Status, Handler&, Context&, HttpRequest&, HttpResponse&>,
                  "an HTTP handler is called with (Context&, HttpRequest&, HttpResponse&) and returns a Status");
    add(path, abi::http, &detail::serve_http<Handler>, nullptr, std::move(handler));
    return *this;
  }

  /// Gives the host a serialized google.protobuf.FileDescriptorSet of the services, for reflection. False when it
  /// refuses it: 4 MiB at most.
  bool descriptors(Bytes file_descriptor_set) {
    return abi::wasm_grpc_1_descriptors(file_descriptor_set.data(),
                                        static_cast<std::uint32_t>(file_descriptor_set.size())) == abi::ok;
  }

  // Which instance the calls of methods that are coroutines meet. It holds for all of them; docs/abi.md says what each
  // costs.

  /// One for each worker thread of the host: so it is when nothing is said. The cheapest.
  void place_per_worker() const { place(abi::instance_of_worker, {}); }
  /// One in the process: what it knows, all clients share.
  void place_in_process() const { place(abi::instance_of_process, {}); }
  /// One for each value of a request header, such as "room-id": calls with the same value meet the same instance.
  void place_by_header(std::string_view key) const { place(abi::instance_of_key, key); }

  // Events of an instance whose methods are coroutines, which are of no call (instance_events.h). They must not wait;
  // coroutines that they wake, as by Condition::notify_all(), go on when they have returned.

  /// What runs when the time of set_alarm() has come.
  void on_alarm(std::function<void()> handler) { events_.alarm = std::move(handler); }
  /// What runs before the instance is given up: as nobody has called for long, as others need its room, or as the
  /// server stops; not when it fails. It has a second.
  void on_ending(std::function<void()> handler) {
    events_.ending = std::move(handler);
    (void)tell_of_ending(true);
  }

  /// Serves one call: what the export wasm_grpc_call does.
  [[nodiscard]] std::int32_t dispatch(std::int32_t call, std::int32_t tag) {
    const Method* const method = find(tag);
    if (method == nullptr || method->invoke == nullptr) return static_cast<std::int32_t>(StatusCode::unimplemented);
    return method->invoke(method->state.get(), instance_, call);
  }
  /// Takes one event of one call: what the export wasm_grpc_event does.
  void event(std::int32_t call, std::int32_t event, std::int32_t value) {
    if (call == abi::no_call) {
      events_.take(event);
      loop_.run();
      return;
    }
    if (event != abi::event_open) {
      // What was begun with the store has numbers of its own: in the loop they are below 0.
      loop_.take(event == abi::event_store ? -call : call, event, value);
      return;
    }
    const Method* const method = find(value);
    if (method == nullptr || method->open == nullptr) {
      (void)abi::wasm_grpc_1_finish(call, static_cast<std::int32_t>(StatusCode::unimplemented), nullptr, 0);
      return;
    }
    method->open(method->state.get(), loop_, call);
    loop_.run();
  }

 private:
  friend class Service;

  struct Method {
    detail::Invoke invoke;  // or, for a coroutine, null, and
    detail::Open open;
    std::unique_ptr<void, void (*)(void*)> state;  // the handler
  };

  [[nodiscard]] const Method* find(std::int32_t tag) const {
    const auto index = static_cast<std::uint32_t>(tag);
    return index < methods_.size() ? &methods_[index] : nullptr;
  }

  // Refusals are not looked at: the host then fails the load of the module, and says what it was.

  static void place(std::int32_t where, std::string_view key) {
    (void)abi::wasm_grpc_1_placement(where, key.data(), static_cast<std::uint32_t>(key.size()));
  }

  template <typename Handler>
  void add(std::string_view service, std::string_view name, std::int32_t kind, detail::Invoke invoke, detail::Open open,
           Handler handler) {
    std::string path;
    path.reserve(service.size() + name.size() + 2);
    path.append("/").append(service).append("/").append(name);
    add(path, kind, invoke, open, std::move(handler));
  }

  template <typename Handler>
  void add(std::string_view path, std::int32_t kind, detail::Invoke invoke, detail::Open open, Handler handler) {
    const auto tag = static_cast<std::int32_t>(methods_.size());
    methods_.push_back(
        {invoke, open, {new Handler(std::move(handler)), [](void* state) { delete static_cast<Handler*>(state); }}});
    (void)abi::wasm_grpc_1_method(path.data(), static_cast<std::uint32_t>(path.size()), kind,
                                  open == nullptr ? abi::handler_style : abi::event_style, tag);
  }

  std::vector<std::unique_ptr<void, void (*)(void*)>> services_;
  std::vector<Method> methods_;  // the index is the method's tag
  detail::Instance instance_;
  detail::InstanceEvents events_;
  detail::AsyncLoop loop_{instance_};
};

/// One service, being declared. A handler is any callable; it is kept for the life of the instance. It must not throw:
/// guests are built without exceptions.
///
/// One that is a coroutine, and returns a Task, serves its call in event style: many calls at once, in one instance.
/// The calls of others come one after the other in theirs.
class Service {
 public:
  Service(Registry& registry, std::string_view name) : registry_(&registry), name_(name) {}

  /// A method with one request and one response: `Reply(Context&, Bytes request)`,
  /// or `Task<Reply>(Context&, Bytes request)`.
  template <typename Handler>
  Service& unary(std::string_view name, Handler handler) {
    if constexpr (detail::is_coroutine<Reply, Handler, Bytes>) {
      return add_coroutine<&detail::run_unary<Bytes, Bytes, Handler>>(name, abi::unary, std::move(handler));
    } else {
      static_assert(std::is_invocable_r_v<Reply, Handler&, Context&, Bytes>,
                    "a unary handler is called with (Context&, Bytes) and returns a Reply, or with "
                    "(Context&, Bytes) and returns a Task<Reply>");
      registry_->add(name_, name, abi::unary, &detail::serve_unary<Handler>, nullptr, std::move(handler));
      return *this;
    }
  }
  /// Many requests, one response: `Reply(Context&, Reader& in)`,
  /// or `Task<Reply>(Context&, InStream<Bytes>& in)`.
  template <typename Handler>
  Service& client_stream(std::string_view name, Handler handler) {
    if constexpr (detail::is_coroutine<Reply, Handler, InStream<Bytes>&>) {
      return add_coroutine<&detail::run_client_stream<Bytes, Bytes, Handler>>(name, abi::client_stream,
                                                                              std::move(handler));
    } else {
      static_assert(std::is_invocable_r_v<Reply, Handler&, Context&, Reader&>,
                    "a client-streaming handler is called with (Context&, Reader&) and returns a Reply, or with "
                    "(Context&, InStream<Bytes>&) and returns a Task<Reply>");
      registry_->add(name_, name, abi::client_stream, &detail::serve_client_stream<Handler>, nullptr,
                     std::move(handler));
      return *this;
    }
  }
  /// One request, many responses: `Status(Context&, Bytes request, Writer& out)`,
  /// or `Task<Status>(Context&, Bytes request, OutStream<Bytes>& out)`.
  template <typename Handler>
  Service& server_stream(std::string_view name, Handler handler) {
    if constexpr (detail::is_coroutine<Status, Handler, Bytes, OutStream<Bytes>&>) {
      return add_coroutine<&detail::run_server_stream<Bytes, Bytes, Handler>>(name, abi::server_stream,
                                                                              std::move(handler));
    } else {
      static_assert(
          std::is_invocable_r_v<Status, Handler&, Context&, Bytes, Writer&>,
          "a server-streaming handler is called with (Context&, Bytes, Writer&) and returns a Status, or with "
          "(Context&, Bytes, OutStream<Bytes>&) and returns a Task<Status>");
      registry_->add(name_, name, abi::server_stream, &detail::serve_server_stream<Handler>, nullptr,
                     std::move(handler));
      return *this;
    }
  }
  /// Many requests, many responses, in any order: `Status(Context&, Reader& in, Writer& out)`,
  /// or `Task<Status>(Context&, Stream<Bytes, Bytes>& stream)`.
  template <typename Handler>
  Service& bidi_stream(std::string_view name, Handler handler) {
    if constexpr (detail::is_coroutine<Status, Handler, Stream<Bytes, Bytes>&>) {
      return add_coroutine<&detail::run_bidi_stream<Bytes, Bytes, Handler>>(name, abi::bidi_stream, std::move(handler));
    } else {
      static_assert(std::is_invocable_r_v<Status, Handler&, Context&, Reader&, Writer&>,
                    "a bidirectional handler is called with (Context&, Reader&, Writer&) and returns a Status, or with "
                    "(Context&, Stream<Bytes, Bytes>&) and returns a Task<Status>");
      registry_->add(name_, name, abi::bidi_stream, &detail::serve_bidi_stream<Handler>, nullptr, std::move(handler));
      return *this;
    }
  }

  /// A method of a generated service that is a coroutine: `coroutine<&Chat::Async::Join>("Join", chat)`. `of` must live
  /// as long as the registry.
  template <auto method, typename Types = detail::AsyncMethod<decltype(method)>>
  Service& coroutine(std::string_view name, typename Types::ServiceType& of) {
    const auto call = [&of](auto&... arguments) { return (of.*method)(arguments...); };
    return add_coroutine<Types::template run<decltype(call)>, true>(name, Types::kind, call);
  }

 private:
  /// A method that `run` (coroutine.h) serves by `handler`, whose messages are structs or bytes.
  template <auto run, bool typed = false, typename Handler>
  Service& add_coroutine(std::string_view name, std::int32_t kind, Handler handler) {
    const detail::Open open = [](void* state, detail::AsyncLoop& loop, std::int32_t call) {
      if (typed && !detail::speaks_protobuf(call)) {
        const Status refusal = detail::only_protobuf();
        (void)abi::wasm_grpc_1_finish(call, static_cast<std::int32_t>(refusal.code()), refusal.message().data(),
                                      static_cast<std::uint32_t>(refusal.message().size()));
        return;
      }
      (void)run(loop, call, *static_cast<Handler*>(state));
    };
    registry_->add(name_, name, kind, nullptr, open, std::move(handler));
    return *this;
  }

  Registry* registry_;
  std::string name_;
};

inline Service Registry::service(std::string_view name) { return Service(*this, name); }

}  // namespace wasm_grpc::guest
