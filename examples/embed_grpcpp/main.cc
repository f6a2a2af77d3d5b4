// A grpc::Server with a native service, as you may have one, that serves a guest too.
//
//   embed_grpcpp GUEST.wasm [ADDRESS:PORT]

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "native.grpc.pb.h"
#include "wasm_grpc/grpcpp.h"

namespace {

using namespace wasm_grpc;

class Native final : public embed::Native::CallbackService {
  grpc::ServerUnaryReactor* Reverse(grpc::CallbackServerContext* context, const embed::Text* request,
                                    embed::Text* response) override {
    response->set_text(std::string(request->text().rbegin(), request->text().rend()));
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

Result<> serve(const std::string& guest, const std::string& address) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: sigwait() below gets them

  // 1. The guests, with their limits. Not listening: grpc++ does.
  ServerOptions options;
  options.max_instances = 100;
  auto guests = Server::create(options);
  if (!guests.ok()) return std::move(guests).error();
  if (auto added = guests.value()->add_module(guest, {}); !added.ok()) return std::move(added).error();

  // 2. The server of grpc++, with services of its own.
  Native native;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&native);

  // 3. What these do not serve, the guests do.
  auto services = grpcpp::register_services(builder, std::move(guests).value());
  if (!services.ok()) return std::move(services).error();

  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return Error{"cannot listen on " + address};
  std::printf("listening on %s:%d\n", address.substr(0, address.rfind(':')).c_str(), port);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  // What runs may finish within this time; the rest is cancelled. The guests go after it.
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  return success();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: embed_grpcpp GUEST.wasm [ADDRESS:PORT]\n");
    return 2;
  }
  const auto served = serve(argv[1], argc == 3 ? argv[2] : "127.0.0.1:50051");
  if (served.ok()) return 0;
  std::fprintf(stderr, "embed_grpcpp: %s\n", served.error().message.c_str());
  return 1;
}
