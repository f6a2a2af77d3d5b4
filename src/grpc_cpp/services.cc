#include <grpcpp/server_builder.h>

#include <atomic>
#include <deque>
#include <string>
#include <utility>

#include "grpc_cpp/call.h"
#include "grpc_cpp/inbox.h"
#include "wasm_grpc/grpcpp.h"

namespace wasm_grpc::grpcpp {

namespace {

/// A call that is answered without a handler.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

struct Services::State final : grpc::CallbackGenericService {
  explicit State(std::unique_ptr<Server> guests) : server(std::move(guests)) {
    for (std::size_t worker = 0; worker < server->workers(); ++worker) {
      inboxes.emplace_back(*server, worker);
    }
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    Inbox& inbox = inboxes[next.fetch_add(1, std::memory_order_relaxed) % inboxes.size()];
    const rpc::Method* method = inbox.find_method(context->method());
    if (method == nullptr) {
      return new Refusal({grpc::StatusCode::UNIMPLEMENTED, "unknown method \"" + context->method() + "\""});
    }
    if (!inbox.admit()) return new Refusal({grpc::StatusCode::UNAVAILABLE, "the server is shutting down"});
    return (new Call(inbox, *method, *context))->begin();
  }

  std::unique_ptr<Server> server;
  std::deque<Inbox> inboxes;  // one for each worker
  std::atomic<std::size_t> next = 0;
};

Services::Services(std::unique_ptr<State> state) : state_(std::move(state)) {}

Services::~Services() {
  for (Inbox& inbox : state_->inboxes) inbox.shut_down();
  state_->server->stop_now();
  state_->server->wait();
  // Its destructor cuts off what handlers still hold, and such calls refer to the inboxes.
  state_->server.reset();
}

const Server& Services::server() const noexcept { return *state_->server; }

Result<std::unique_ptr<Services>> register_services(grpc::ServerBuilder& builder, std::unique_ptr<Server> guests) {
  if (guests == nullptr) return Error{"there is no server whose methods could be served"};
  if (auto started = guests->start(); !started.ok()) return std::move(started).error();
  auto state = std::make_unique<Services::State>(std::move(guests));
  builder.RegisterCallbackGenericService(state.get());
  return std::unique_ptr<Services>(new Services(std::move(state)));
}

}  // namespace wasm_grpc::grpcpp
