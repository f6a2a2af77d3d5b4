// test.TestService/Test of wazero-grpc-server's benchmark, over its ABI: an answer with the number of the request, which
// is field 1 of both messages.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

__attribute__((import_module("pantopic/wazero-grpc-server"), import_name("__grpc_server_send"))) void host_send(void);

static uint32_t method_cap = 128, method_len;
static char method[128];
static uint32_t message_cap = 65536, message_len;
static unsigned char message[65536];
static uint32_t error_code;
static uint32_t table[7];

enum { field_1_varint = 1 << 3, code_unknown = 2, code_invalid = 3 };

// Whether `message` is a varint in field 1 and nothing else, or empty.
static int decode(uint64_t* value) {
  *value = 0;
  if (message_len == 0) return 1;
  if (message[0] != field_1_varint) return 0;
  uint32_t at = 1;
  for (unsigned shift = 0; at < message_len && shift < 64; shift += 7) {
    const unsigned char byte = message[at++];
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return at == message_len;
  }
  return 0;
}

static void encode(uint64_t value) {
  message_len = 0;
  if (value == 0) return;
  message[message_len++] = field_1_varint;
  for (; value >= 0x80; value >>= 7) message[message_len++] = (unsigned char)(value | 0x80);
  message[message_len++] = (unsigned char)value;
}

__attribute__((export_name("_start"))) void start(void) {}

__attribute__((export_name("__grpc_server"))) uint32_t server(void) {
  const void* const places[7] = {&method_cap, &method_len, method, &message_cap, &message_len, message, &error_code};
  for (size_t i = 0; i < 7; ++i) table[i] = (uint32_t)(uintptr_t)places[i];
  static const char services[] = "/test.TestService/u.Test";
  message_len = sizeof(services) - 1;
  memcpy(message, services, message_len);
  return (uint32_t)(uintptr_t)table;
}

__attribute__((export_name("__grpc_server_unary"))) void unary(void) {
  static const char path[] = "/test.TestService/Test";
  uint64_t value = 0;
  if (method_len != sizeof(path) - 1 || memcmp(method, path, method_len) != 0) {
    error_code = code_unknown;
    message_len = 0;
  } else if (!decode(&value)) {
    error_code = code_invalid;
    message_len = 0;
  } else {
    encode(value);
  }
  host_send();
}
