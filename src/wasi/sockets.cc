// sock_accept, sock_recv, sock_send and sock_shutdown: guests have no sockets.
#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

Errno refuse(Context& context, std::uint32_t fd) {
  return context.descriptors().find(fd) == nullptr ? Errno::badf : Errno::notsock;
}

Errno sock_accept(Context& context, Caller&, std::uint32_t fd, std::uint32_t /*flags*/,
                  GuestPointer<std::uint32_t> /*accepted*/) {
  return refuse(context, fd);
}

Errno sock_recv(Context& context, Caller&, std::uint32_t fd, std::uint32_t /*iovs*/, std::uint32_t /*count*/,
                std::uint32_t /*flags*/, GuestPointer<std::uint32_t> /*received*/,
                GuestPointer<std::uint16_t> /*out_flags*/) {
  return refuse(context, fd);
}

Errno sock_send(Context& context, Caller&, std::uint32_t fd, std::uint32_t /*iovs*/, std::uint32_t /*count*/,
                std::uint32_t /*flags*/, GuestPointer<std::uint32_t> /*sent*/) {
  return refuse(context, fd);
}

Errno sock_shutdown(Context& context, Caller&, std::uint32_t fd, std::uint32_t /*how*/) { return refuse(context, fd); }

}  // namespace

void define_sockets(Definer& definer) {
  definer.add("sock_accept", sock_accept);
  definer.add("sock_recv", sock_recv);
  definer.add("sock_send", sock_send);
  definer.add("sock_shutdown", sock_shutdown);
}

}  // namespace wasm_grpc::wasi
