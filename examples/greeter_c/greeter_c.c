// helloworld.Greeter (../greeter/helloworld.proto) in C, over the plain ABI. Both of its messages are one string in
// field 1, read and written by hand.
#include <stdint.h>
#include <string.h>

#include "wasm_grpc.h"
#include "wasm_grpc_wire.h"

enum { say_hello = 0, say_hello_stream_reply = 1 };
enum { invalid_argument = 3, resource_exhausted = 8, cancelled = 1 };  // status codes of gRPC

enum { max_request = 64 * 1024 };
static uint8_t request[max_request];
static uint8_t reply[max_request + 64];

static void declare(const char* path, int32_t kind, int32_t tag) {
  wasm_grpc_1_method(path, (uint32_t)strlen(path), kind, WASM_GRPC_HANDLER, tag);
}

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  declare("/helloworld.Greeter/SayHello", WASM_GRPC_UNARY, say_hello);
  declare("/helloworld.Greeter/SayHelloStreamReply", WASM_GRPC_SERVER_STREAM, say_hello_stream_reply);
}

// Finds the last field 1, a string, and passes over others; 0 when it is no protobuf message.
static int read_name(struct wasm_grpc_bytes in, struct wasm_grpc_bytes* name) {
  struct wasm_grpc_field field = {0};
  int found = 0;
  *name = (struct wasm_grpc_bytes){0};
  while ((found = wasm_grpc_next_field(&in, &field)) > 0) {
    if (field.number == 1 && field.wire == WASM_GRPC_BYTES) *name = field.bytes;
  }
  return found == 0;
}

// Sends `greeting` and the name as the string of a HelloReply. Waits while the client is slow.
static int32_t greet(int32_t call, const char* greeting, struct wasm_grpc_bytes name) {
  const uint32_t greeting_size = (uint32_t)strlen(greeting);
  uint8_t* at = wasm_grpc_write_varint(reply, 1 << 3 | WASM_GRPC_BYTES);
  at = wasm_grpc_write_varint(at, greeting_size + name.size);
  memcpy(at, greeting, greeting_size);
  at += greeting_size;
  if (name.size > 0) memcpy(at, name.at, name.size);
  const uint32_t size = (uint32_t)(at - reply) + name.size;
  int32_t sent = 0;
  while ((sent = wasm_grpc_1_send(call, reply, size)) == WASM_GRPC_AGAIN)
    wasm_grpc_1_wait(call, WASM_GRPC_WRITABLE, -1);
  return sent;
}

static int32_t fail(int32_t call, int32_t code, const char* text) {
  wasm_grpc_1_finish(call, code, text, (uint32_t)strlen(text));
  return code;
}

WASM_GRPC_EXPORT("wasm_grpc_call") int32_t serve(int32_t call, int32_t tag) {
  const int32_t size = wasm_grpc_1_recv(call, request, max_request);
  if (size < 0) return cancelled;
  if (size > max_request) return fail(call, resource_exhausted, "a name may have 64 KiB");
  struct wasm_grpc_bytes name;
  if (!read_name((struct wasm_grpc_bytes){request, (uint32_t)size}, &name)) {
    return fail(call, invalid_argument, "the request is not a helloworld.HelloRequest");
  }
  if (tag == say_hello) return greet(call, "Hello ", name) == WASM_GRPC_OK ? 0 : cancelled;
  static const char* const greetings[] = {"Hello ", "Nice to see you, ", "Take care, "};
  for (int i = 0; i < 3; ++i) {
    if (greet(call, greetings[i], name) != WASM_GRPC_OK) return cancelled;
  }
  return 0;
}
