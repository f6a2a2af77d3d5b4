// test.TestService/Test of wazero-grpc-server's benchmark, over its ABI: an answer with the number of the request,
// which is field 1 of both messages.
#include "pantopic_buffers.h"

__attribute__((import_module("pantopic/wazero-grpc-server"), import_name("__grpc_server_send"))) void host_send(void);

enum { field_1_varint = 1 << 3, code_unknown = 2, code_invalid = 3 };

// Whether `message` is a varint in field 1 and nothing else, or empty.
static int decode(uint64_t* value) {
  *value = 0;
  if (message_len == 0) return 1;
  if (message[0] != field_1_varint) return 0;
  uint32_t at = 1;
  for (unsigned shift = 0; at < message_len && shift < 64; shift += 7) {
    const unsigned char byte = (unsigned char)message[at++];
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return at == message_len;
  }
  return 0;
}

static void encode(uint64_t value) {
  message_len = 0;
  if (value == 0) return;
  message[message_len++] = field_1_varint;
  for (; value >= 0x80; value >>= 7) message[message_len++] = (char)(value | 0x80);
  message[message_len++] = (char)value;
}

__attribute__((export_name("__grpc_server"))) uint32_t server(void) { return describe("/test.TestService/u.Test"); }

__attribute__((export_name("__grpc_server_unary"))) void unary(void) {
  uint64_t value = 0;
  if (!called("/test.TestService/Test")) {
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
