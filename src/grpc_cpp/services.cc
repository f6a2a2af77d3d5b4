#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpc_cpp/queue.h"
#include "wasm_grpc/grpcpp.h"

namespace wasm_grpc::grpcpp {

namespace {

using Queues = std::deque<Queue>;

/// A service without methods, which a server of grpc++ owns: goes when that does, but not before the queues let it.
class EndOfServer final : public grpc::Service {
 public:
  explicit EndOfServer(Queues& queues) : queues_(queues) {}
  ~EndOfServer() override {
    for (Queue& queue : queues_) queue.let_server_go();
  }

 private:
  Queues& queues_;
};

/// Takes part in BuildAndStart(): no call may be asked for before the server has started.
class Plugin final : public grpc::ServerBuilderPlugin {
 public:
  explicit Plugin(Queues& queues) : queues_(queues) {}
  std::string name() override { return "wasm_grpc"; }
  void InitServer(grpc::ServerInitializer* server) override {
    (void)server->RegisterService(std::make_shared<EndOfServer>(queues_));
  }
  void Finish(grpc::ServerInitializer*) override {
    for (Queue& queue : queues_) queue.open();
  }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  Queues& queues_;
};

class PluginOption final : public grpc::ServerBuilderOption {
 public:
  explicit PluginOption(Queues& queues) : queues_(queues) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<Plugin>(queues_));
  }

 private:
  Queues& queues_;
};

}  // namespace

struct Services::State {
  grpc::AsyncGenericService service;
  Queues queues;  // one for each worker, which wait in them
  std::unique_ptr<Server> server;
};

Services::Services(std::unique_ptr<State> state) : state_(std::move(state)) {}

Services::~Services() {
  for (Queue& queue : state_->queues) queue.shut_down();
  state_->server->stop_now();
  state_->server->wait();
  // Its destructor cuts off what handlers still hold, and such calls refer to the queues.
  state_->server.reset();
}

const Server& Services::server() const noexcept { return *state_->server; }

Result<std::unique_ptr<Services>> register_services(grpc::ServerBuilder& builder, std::unique_ptr<Server> guests) {
  if (guests == nullptr) return Error{"there is no server whose methods could be served"};
  auto state = std::make_unique<Services::State>();
  state->server = std::move(guests);
  for (std::size_t worker = 0; worker < state->server->workers(); ++worker) {
    Queue& queue = state->queues.emplace_back(*state->server, worker, state->service);
    if (auto waits = state->server->wait_in(worker, queue); !waits.ok()) return std::move(waits).error();
  }
  for (Queue& queue : state->queues) queue.take_events(builder.AddCompletionQueue());
  if (auto started = state->server->start(); !started.ok()) return std::move(started).error();
  builder.RegisterAsyncGenericService(&state->service);
  builder.SetOption(std::make_unique<PluginOption>(state->queues));
  return std::unique_ptr<Services>(new Services(std::move(state)));
}

}  // namespace wasm_grpc::grpcpp
