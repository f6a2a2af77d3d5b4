// Guests in a grpc::Server that the embedder already has: methods of a wasm_grpc::Server served by grpc++ rather than
// by a listener of its own. In the library wasm_grpc::grpcpp, which is built where grpc++ (1.51 or newer) is installed.
//
//   auto guests = Server::create({});
//   guests.value()->add_module("greeter.wasm", {});
//   grpc::ServerBuilder builder;
//   builder.RegisterService(&native);
//   auto services = grpcpp::register_services(builder, std::move(guests).value());
//   auto server = builder.BuildAndStart();
//   …
//   server->Shutdown();  // before `services` goes
//
// Every Result is to be checked; examples/embed_grpcpp shows it in full.
#pragma once

#include <memory>

#include "wasm_grpc/result.h"
#include "wasm_grpc/server.h"

namespace grpc {
class ServerBuilder;
}

namespace wasm_grpc::grpcpp {

/// The methods of a wasm_grpc::Server as grpc++ serves them. Must outlive the grpc::Server; its end ends the calls in
/// progress with UNAVAILABLE, and returns when grpc++ has let go of them.
class Services {
 public:
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  /// For its methods and counters. It has started.
  [[nodiscard]] const Server& server() const noexcept;

 private:
  friend Result<std::unique_ptr<Services>> register_services(grpc::ServerBuilder&, std::unique_ptr<Server>);
  struct State;
  explicit Services(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Starts `guests`, which must not have started, and has the server that `builder` makes serve its methods: all those
/// that no service of the builder's own has. What is asked for and nobody serves is answered UNIMPLEMENTED. The builder
/// takes one generic service, so this may be called once for it.
///
/// Guests run on the workers of `guests`, which take part in grpc++'s work: each waits in a completion queue of the
/// builder's, and polls its sockets, for native services too. What ServerOptions says of connections is grpc++'s
/// business here, and so is compression: grpc++ decompresses requests; a guest that asks for compression is not heard.
/// `guests` serves reflection and health too, unless its options say otherwise: turn these off where the builder's own
/// services do it. The builder is not to be used after an error.
[[nodiscard]] Result<std::unique_ptr<Services>> register_services(grpc::ServerBuilder& builder,
                                                                  std::unique_ptr<Server> guests);

}  // namespace wasm_grpc::grpcpp
