// helloworld.Greeter (../greeter/helloworld.proto) in C, over the plain ABI. Both of its messages are one string in
// field 1, read and written by hand.
#include <stdint.h>
#include <string.h>

#include "wasm_grpc.h"

enum { say_hello = 0, say_hello_stream_reply = 1 };
enum { invalid_argument = 3, resource_exhausted = 8, cancelled = 1 };  // status codes of gRPC

enum { max_request = 64 * 1024 };
static uint8_t request[max_request];
static uint8_t reply[max_request + 64];

struct text {
  const uint8_t* bytes;
  uint32_t size;
};

static void declare(const char* path, int32_t kind, int32_t tag) {
  wasm_grpc_1_method(path, (uint32_t)strlen(path), kind, WASM_GRPC_HANDLER, tag);
}

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  declare("/helloworld.Greeter/SayHello", WASM_GRPC_UNARY, say_hello);
  declare("/helloworld.Greeter/SayHelloStreamReply", WASM_GRPC_SERVER_STREAM, say_hello_stream_reply);
}

// Reads a protobuf varint; 0 when it does not end within the bytes or in 10 of them.
static int read_varint(struct text* in, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 70 && in->size > 0; shift += 7) {
    const uint8_t byte = *in->bytes++;
    --in->size;
    if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return 1;
  }
  return 0;
}

static int skip(struct text* in, uint64_t size) {
  if (size > in->size) return 0;
  in->bytes += size;
  in->size -= (uint32_t)size;
  return 1;
}

// Finds the last field 1, a string, and passes over others; 0 when it is no protobuf message.
static int read_name(struct text in, struct text* name) {
  *name = (struct text){0};
  while (in.size > 0) {
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!read_varint(&in, &tag) || tag >> 3 == 0) return 0;
    switch (tag & 7) {
      case 0:
        if (!read_varint(&in, &value)) return 0;
        break;
      case 1:
        if (!skip(&in, 8)) return 0;
        break;
      case 2:
        if (!read_varint(&in, &value)) return 0;
        if (tag >> 3 == 1 && value <= in.size) *name = (struct text){in.bytes, (uint32_t)value};
        if (!skip(&in, value)) return 0;
        break;
      case 5:
        if (!skip(&in, 4)) return 0;
        break;
      default:
        return 0;
    }
  }
  return 1;
}

// Sends `greeting` and the name as the string of a HelloReply. Waits while the client is slow.
static int32_t greet(int32_t call, const char* greeting, struct text name) {
  const uint32_t greeting_size = (uint32_t)strlen(greeting);
  uint32_t at = 0;
  reply[at++] = 1 << 3 | 2;
  uint32_t size = greeting_size + name.size;
  for (; size >= 0x80; size >>= 7) reply[at++] = (uint8_t)(size | 0x80);
  reply[at++] = (uint8_t)size;
  memcpy(reply + at, greeting, greeting_size);
  at += greeting_size;
  if (name.size > 0) memcpy(reply + at, name.bytes, name.size);
  at += name.size;
  int32_t sent = 0;
  while ((sent = wasm_grpc_1_send(call, reply, at)) == WASM_GRPC_AGAIN) wasm_grpc_1_wait(call, WASM_GRPC_WRITABLE, -1);
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
  struct text name;
  if (!read_name((struct text){request, (uint32_t)size}, &name)) {
    return fail(call, invalid_argument, "the request is not a helloworld.HelloRequest");
  }
  if (tag == say_hello) return greet(call, "Hello ", name) == WASM_GRPC_OK ? 0 : cancelled;
  static const char* const greetings[] = {"Hello ", "Nice to see you, ", "Take care, "};
  for (int i = 0; i < 3; ++i) {
    if (greet(call, greetings[i], name) != WASM_GRPC_OK) return cancelled;
  }
  return 0;
}
