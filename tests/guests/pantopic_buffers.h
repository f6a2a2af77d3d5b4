// What pantopic_push.c, pantopic_pull.c and the guest of bench/original have in common: the buffers they share with the
// host, as the Go SDKs of wazero-grpc-server lay them out, and numbers as text.
#ifndef PANTOPIC_BUFFERS_H
#define PANTOPIC_BUFFERS_H

#include <stdint.h>
#include <string.h>

static uint32_t method_cap = 64, method_len;
static char method[64];
static uint32_t message_cap = 65536, message_len;
static char message[65536];
static uint32_t error_code;
static uint32_t table[7];

// The address of the seven pointers; the message is the list of services.
static inline uint32_t describe(const char* services) {
  const void* const places[7] = {&method_cap, &method_len, method, &message_cap, &message_len, message, &error_code};
  for (int i = 0; i < 7; ++i) table[i] = (uint32_t)(uintptr_t)places[i];
  message_len = (uint32_t)strlen(services);
  memcpy(message, services, message_len);
  return (uint32_t)(uintptr_t)table;
}

static inline int called(const char* path) {
  return method_len == strlen(path) && memcmp(method, path, method_len) == 0;
}

static inline uint32_t read_number(void) {
  uint32_t value = 0;
  for (uint32_t i = 0; i < message_len; ++i) value = value * 10 + (uint32_t)(message[i] - '0');
  return value;
}

static inline void write_text(const char* text) {
  message_len = (uint32_t)strlen(text);
  memcpy(message, text, message_len);
}

static inline void write_number(uint32_t value) {
  char digits[11] = {0};
  char* at = digits + 10;
  do {
    *--at = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  write_text(at);
}

// The first byte of the message, a digit or letter, is the code; the rest is its text.
static inline void fail_as_asked(void) {
  error_code = (uint32_t)(message[0] <= '9' ? message[0] - '0' : message[0] - 'a' + 10);
  memmove(message, message + 1, --message_len);
}

// TinyGo runs main() in it, and returns.
__attribute__((export_name("_start"))) void start(void) {}

#endif
