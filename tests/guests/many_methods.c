// 200 methods in ten services, for what must not get long or slow with their number. Each answers with what it got; the
// last one of each service traps.
#include <stdint.h>
#include <string.h>

#include "wasm_grpc.h"

enum { services = 10, methods_of_each = 20, path_size = 64 };

static char* append(char* at, const char* text) {
  while (*text != '\0') *at++ = *text++;
  return at;
}

static char* append_number(char* at, int number) {
  if (number >= 10) *at++ = (char)('0' + number / 10);
  *at++ = (char)('0' + number % 10);
  return at;
}

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  static const int32_t kinds[] = {WASM_GRPC_UNARY, WASM_GRPC_CLIENT_STREAM, WASM_GRPC_SERVER_STREAM,
                                  WASM_GRPC_BIDI_STREAM};
  for (int service = 0; service < services; ++service) {
    for (int method = 0; method < methods_of_each; ++method) {
      char path[path_size];
      char* end = append(path, "/many.methods.v1.NumberedService");
      end = append_number(end, service);
      end = append(end, "/CountSomething");
      end = append_number(end, method);
      const int32_t kind = method < 10 ? WASM_GRPC_UNARY : kinds[method % 4];
      wasm_grpc_1_method(path, (uint32_t)(end - path), kind, WASM_GRPC_HANDLER, method);
    }
  }
}

WASM_GRPC_EXPORT("wasm_grpc_call") int32_t serve(int32_t call, int32_t tag) {
  static uint8_t message[4096];
  if (tag == methods_of_each - 1) __builtin_trap();
  const int32_t size = wasm_grpc_1_recv(call, message, sizeof message);
  if (size < 0) return 0;
  return wasm_grpc_1_send(call, message, (uint32_t)size) == WASM_GRPC_OK ? 0 : 1;
}
