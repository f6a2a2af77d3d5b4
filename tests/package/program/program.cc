// Serves the guest it is given, and a native method beside it, until it gets SIGTERM.
#include <signal.h>
#include <wasm_grpc/server.h>

#include <cstdio>

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
  auto server = wasm_grpc::Server::create({});
  if (!server.ok()) return fail(server.error());
  if (auto added = server.value()->add_module(argv[1], {}); !added.ok()) return fail(added.error());
  auto native = server.value()->add_unary_method(
      "/package.Native/Count",
      [](wasm_grpc::rpc::Call&, std::span<const std::byte> request, std::vector<std::byte>& response) {
        response.push_back(static_cast<std::byte>(request.size()));
        return wasm_grpc::rpc::Status{};
      });
  if (!native.ok()) return fail(native.error());
  auto address = server.value()->listen("127.0.0.1:0");
  if (!address.ok()) return fail(address.error());
  if (auto started = server.value()->start(); !started.ok()) return fail(started.error());
  std::printf("listening on %s\n", address.value().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server.value()->stop();
  server.value()->wait();
  return 0;
}
