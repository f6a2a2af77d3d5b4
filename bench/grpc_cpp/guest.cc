// A guest in a grpc::Server, by wasm_grpc::grpcpp.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "grpc_cpp/serve.h"
#include "wasm_grpc/grpcpp.h"

namespace wasm_grpc::bench {
namespace {

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("grpc++ %s\n", grpc::Version().c_str());
    return 0;
  }
  if (argc != 4 || std::string_view(argv[2]) != "--listen") {
    std::fprintf(stderr, "usage: %s GUEST.wasm --listen IPV4:PORT | --version\n", argv[0]);
    return 2;
  }
  std::unique_ptr<grpcpp::Services> services;
  return serve(argv[0], argv[3], [&](grpc::ServerBuilder& builder) {
    const auto fail = [&](const Error& error) {
      std::fprintf(stderr, "%s: %s\n", argv[0], error.message.c_str());
      return false;
    };
    ServerOptions options;
    options.workers = 1;
    auto guests = Server::create(options);
    if (!guests.ok()) return fail(guests.error());
    if (auto added = guests.value()->add_module(argv[1], {}); !added.ok()) return fail(added.error());
    auto registered = grpcpp::register_services(builder, std::move(guests).value());
    if (!registered.ok()) return fail(registered.error());
    services = std::move(registered).value();
    return true;
  });
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) { return wasm_grpc::bench::run(argc, argv); }
