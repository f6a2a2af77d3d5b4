// Serves the guest it is given by a grpc::Server, until it gets SIGTERM.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <wasm_grpc/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <utility>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto fail = [](const wasm_grpc::Error& error) {
    std::fprintf(stderr, "program: %s\n", error.message.c_str());
    return 1;
  };
  auto guests = wasm_grpc::Server::create({});
  if (!guests.ok()) return fail(guests.error());
  if (auto added = guests.value()->add_module(argv[1], {}); !added.ok()) return fail(added.error());
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  const auto services = wasm_grpc::grpcpp::register_services(builder, std::move(guests).value());
  if (!services.ok()) return fail(services.error());
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return fail({"cannot listen"});
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}
