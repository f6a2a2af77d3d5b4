// A guest as the first Go SDK of wazero-grpc-server made them: one export that runs as long as the call, and imports to
// receive and to send.
#include "pantopic_buffers.h"

__attribute__((import_module("grpc"), import_name("Recv"))) void host_recv(void);
__attribute__((import_module("grpc"), import_name("Send"))) void host_send(void);

__attribute__((export_name("__grpcServerInit"))) uint32_t server_init(void) {
  return describe(
      "/pantopic.Unary/u.Echo,u.Fail,u.Trap"
      "/pantopic.Stream/b.Add,s.Count,s.Endless,c.Last,c.Sum");
}

__attribute__((export_name("__grpcServerCall"))) void server_call(void) {
  if (called("/pantopic.Unary/Fail")) {
    fail_as_asked();
  } else if (called("/pantopic.Unary/Trap")) {
    __builtin_trap();
  } else if (called("/pantopic.Stream/Sum")) {
    uint32_t sum = 0;
    for (; error_code == 0; host_recv()) sum += read_number();
    error_code = 0;
    write_number(sum);
  } else if (called("/pantopic.Stream/Last")) {
    while (error_code == 0) host_recv();  // leaves the last message as the answer, and the code as it is
  } else if (called("/pantopic.Stream/Add")) {
    for (uint32_t sum = 0; error_code == 0; host_recv()) {
      sum += read_number();
      write_number(sum);
      host_send();
    }
    error_code = 0;
  } else if (called("/pantopic.Stream/Count") || called("/pantopic.Stream/Endless")) {
    const int endless = called("/pantopic.Stream/Endless");
    const uint32_t count = endless ? UINT32_MAX : read_number();
    for (uint32_t i = 0; i < count && error_code == 0; ++i) {
      write_number(i);
      if (endless) message_len = 4096;
      host_send();
    }
  } else if (!called("/pantopic.Unary/Echo")) {
    error_code = 5;
  }
}
