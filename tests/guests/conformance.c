/* test.Guest (conformance.proto) in C over the plain ABI: what conformance.cc does in C++, for the same end-to-end
 * tests. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wasm_grpc.h"
#include "wasm_grpc_wire.h"

enum { cancelled = 1, invalid_argument = 3, resource_exhausted = 8, internal = 13 }; /* status codes of gRPC */

/* ---- Bytes that grow; of the calls of this instance, which are one after the other ---- */

struct buffer {
  uint8_t* at;
  uint32_t size;
  uint32_t room;
};
static struct buffer request_bytes;
static struct buffer reply;
static struct buffer looked_up;

static void reserve(struct buffer* buffer, uint32_t more) {
  if (buffer->room - buffer->size >= more) return;
  buffer->room = buffer->size + more + buffer->room / 4;
  buffer->at = realloc(buffer->at, buffer->room);
  if (buffer->at == NULL) abort();
}

static void add_number(uint32_t field, uint64_t value) {
  if (value == 0) return;
  reserve(&reply, WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT);
  reply.size = (uint32_t)(wasm_grpc_write_uint64(reply.at + reply.size, field, value) - reply.at);
}

static void add_bytes(uint32_t field, struct wasm_grpc_bytes bytes) {
  if (bytes.size == 0) return;
  reserve(&reply, WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT + bytes.size);
  reply.size = (uint32_t)(wasm_grpc_write_bytes(reply.at + reply.size, field, bytes.at, bytes.size) - reply.at);
}

/* ---- Calls ---- */

/* All request messages at once: no field number has two meanings of one type. */
struct request {
  uint32_t number;                /* 1: code, milliseconds, number */
  struct wasm_grpc_bytes text;    /* 1: text; 2: message */
  uint32_t flag;                  /* 2: by_wait, compress */
  uint32_t messages;              /* 3 */
  struct wasm_grpc_bytes details; /* 4 */
};

/* Waits for the next message, into request_bytes: 1; 0 after the last; -1 when the call has ended. */
static int receive(int32_t call) {
  for (;;) {
    const int32_t size = wasm_grpc_1_recv(call, request_bytes.at, request_bytes.room);
    if (size >= 0 && (uint32_t)size <= request_bytes.room) {
      request_bytes.size = (uint32_t)size;
      return 1;
    }
    if (size == WASM_GRPC_END) return 0;
    if (size >= 0) {
      request_bytes.size = 0;
      reserve(&request_bytes, (uint32_t)size);
    } else if (size != WASM_GRPC_AGAIN || wasm_grpc_1_wait(call, WASM_GRPC_READABLE, -1) < 0) {
      return -1;
    }
  }
}

static int parse(struct request* request) {
  struct wasm_grpc_bytes in = {request_bytes.at, request_bytes.size};
  struct wasm_grpc_field field;
  int found = 0;
  memset(request, 0, sizeof *request);
  while ((found = wasm_grpc_next_field(&in, &field)) > 0) {
    const int is_varint = field.wire == WASM_GRPC_VARINT;
    if (is_varint && field.number == 1) request->number = (uint32_t)field.value;
    if (is_varint && field.number == 2) request->flag = (uint32_t)field.value;
    if (is_varint && field.number == 3) request->messages = (uint32_t)field.value;
    if (field.wire == WASM_GRPC_BYTES && field.number <= 2) request->text = field.bytes;
    if (field.wire == WASM_GRPC_BYTES && field.number == 4) request->details = field.bytes;
  }
  return found == 0;
}

/* Sends the reply, and empties it. 0 when it cannot be delivered. */
static int send_reply(int32_t call) {
  int32_t sent = 0;
  while ((sent = wasm_grpc_1_send(call, reply.at, reply.size)) == WASM_GRPC_AGAIN) {
    wasm_grpc_1_wait(call, WASM_GRPC_WRITABLE, -1);
  }
  reply.size = 0;
  return sent == WASM_GRPC_OK;
}

static int32_t send_last(int32_t call) { return send_reply(call) ? 0 : cancelled; }

static int32_t fail(int32_t call, int32_t code, const char* text) {
  wasm_grpc_1_finish(call, code, text, (uint32_t)strlen(text));
  return code;
}

static int32_t malformed(int32_t call) {
  return fail(call, invalid_argument, "the request is not the message of this method");
}

static void log_text(int32_t level, const char* format, ...) {
  va_list values;
  va_start(values, format);
  char line[4096];
  const int size = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  wasm_grpc_1_log(level, line, size < (int)sizeof line ? (uint32_t)size : (uint32_t)sizeof line - 1);
}

/* What the host tells of the call; empty where it does not. */
static struct wasm_grpc_bytes info(int32_t call, int32_t what) {
  const int32_t size = wasm_grpc_1_info(call, what, looked_up.at, looked_up.room);
  if (size < 0) return (struct wasm_grpc_bytes){0};
  if ((uint32_t)size > looked_up.room) {
    reserve(&looked_up, (uint32_t)size);
    wasm_grpc_1_info(call, what, looked_up.at, looked_up.room);
  }
  return (struct wasm_grpc_bytes){looked_up.at, (uint32_t)size};
}

/* ---- Methods ---- */

static uint32_t little(const uint8_t* at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int32_t echo_metadata(int32_t call) {
  const int32_t size = wasm_grpc_1_metadata_list(call, NULL, 0);
  if (size < 0) return cancelled;
  reserve(&looked_up, (uint32_t)size);
  wasm_grpc_1_metadata_list(call, looked_up.at, looked_up.room);
  uint64_t refused = 0;
  uint8_t* entry = malloc((size_t)size + 2 * (WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT));
  for (const uint8_t* at = looked_up.at; at < looked_up.at + size;) {
    const uint32_t key_size = little(at);
    const uint32_t value_size = little(at + 4);
    const uint8_t* key = at + 8;
    const uint8_t* value = key + key_size;
    uint8_t* end = wasm_grpc_write_bytes(entry, 1, key, key_size);
    if (value_size > 0) end = wasm_grpc_write_bytes(end, 2, value, value_size);
    add_bytes(1, (struct wasm_grpc_bytes){entry, (uint32_t)(end - entry)});
    refused += wasm_grpc_1_metadata_add(call, WASM_GRPC_HEADERS, key, key_size, value, value_size) < 0;
    refused += wasm_grpc_1_metadata_add(call, WASM_GRPC_TRAILERS, key, key_size, value, value_size) < 0;
    at = value + value_size;
  }
  free(entry);
  add_number(2, refused);
  return send_last(call);
}

static int32_t fail_as_asked(int32_t call, const struct request* request) {
  static const char details[] = "grpc-status-details-bin";
  if (request->details.size > 0) {
    wasm_grpc_1_metadata_add(call, WASM_GRPC_TRAILERS, details, sizeof details - 1, request->details.at,
                             request->details.size);
  }
  wasm_grpc_1_finish(call, (int32_t)request->number, request->text.at, request->text.size);
  return (int32_t)request->number;
}

static int32_t fail_unary(int32_t call, const struct request* request) {
  return request->number == 0 ? send_last(call) : fail_as_asked(call, request);
}

static int32_t fail_stream(int32_t call, const struct request* request) {
  for (uint32_t i = 0; i < request->messages; ++i) {
    if (!send_reply(call)) return cancelled;
  }
  return fail_as_asked(call, request);
}

static int sleep_as_asked(int32_t call, const struct request* request) {
  if (request->flag) return wasm_grpc_1_wait(call, 0, (int64_t)request->number * 1000000) >= 0;
  const struct timespec pause = {request->number / 1000, (long)(request->number % 1000) * 1000000};
  return nanosleep(&pause, NULL) == 0;
}

static int32_t sleep_and_reply(int32_t call, const struct request* request) {
  if (!sleep_as_asked(call, request)) return fail(call, cancelled, "the sleep was cut short");
  return send_last(call);
}

static int32_t early_headers(int32_t call, const struct request* request) {
  wasm_grpc_1_metadata_add(call, WASM_GRPC_HEADERS, "x-early", 7, "yes", 3);
  if (wasm_grpc_1_headers_send(call) < 0) return fail(call, internal, "no headers");
  return sleep_as_asked(call, request) ? send_last(call) : cancelled;
}

static int32_t print(int32_t call, const struct request* request) {
  const int size = (int)request->text.size;
  const char* text = (const char*)request->text.at;
  printf("out: %.*s\n", size, text);
  fflush(stdout);
  fprintf(stderr, "err: %.*s\n", size, text);
  log_text(WASM_GRPC_WARN, "log: %.*s", size, text);
  return send_last(call);
}

static _Noreturn void spin(void) {
  volatile uint32_t turns = 0;
  for (;;) turns = turns + 1;
}

/* A linear congruential generator, as many thousand steps on. */
static uint32_t compute(uint32_t thousands) {
  uint32_t state = 1;
  for (uint32_t i = 0; i < thousands; ++i) {
    for (int round = 0; round < 1000; ++round) {
      state = state * 1664525 + 1013904223;
      __asm__ volatile("" : "+r"(state)); /* step by step */
    }
  }
  return state;
}

static int32_t reply_number(int32_t call, uint64_t number) {
  add_number(1, number);
  return send_last(call);
}

static int32_t burn_each(int32_t call) {
  struct request request;
  while (receive(call) > 0) {
    if (!parse(&request)) return malformed(call);
    add_number(1, compute(request.number));
    if (!send_reply(call)) break;
  }
  return 0;
}

__attribute__((noinline)) static uint32_t deeper(volatile uint32_t* above) {
  volatile uint32_t here[64] = {*above};
  return deeper(here) + here[1];
}

/* Keeps nothing on the stack in the guest's memory, which ends before the one that the host limits. */
__attribute__((noinline)) static uint32_t recurse(uint32_t depth) {
  if (depth == 0) return 0;
  const uint32_t below = recurse(depth - 1);
  __asm__ volatile("" ::: "memory"); /* so that it does not become a loop */
  return below + 1;
}

static int32_t grow(int32_t call, const struct request* request) {
  static uint64_t kept = 0;
  for (uint32_t i = 0; i < request->number; ++i) {
    const size_t mebibyte = 1 << 20;
    void* const memory = malloc(mebibyte);
    if (memory == NULL) return fail(call, resource_exhausted, "malloc gave nothing");
    memset(memory, 0x5A, mebibyte);
    __asm__ volatile("" : : "r"(memory) : "memory"); /* or the compiler leaves out memory that nobody reads */
    ++kept;
  }
  return reply_number(call, kept);
}

static int32_t count(int32_t call) {
  static uint64_t asked = 0;
  return reply_number(call, ++asked);
}

static int32_t deadline(int32_t call) {
  const int64_t left = wasm_grpc_1_deadline(call);
  if (left != WASM_GRPC_NO_DEADLINE) {
    add_number(1, 1);
    add_number(2, (uint64_t)left);
  }
  return send_last(call);
}

static int32_t tell_info(int32_t call) {
  static const int32_t told[] = {WASM_GRPC_PATH,        WASM_GRPC_AUTHORITY, WASM_GRPC_PEER,
                                 WASM_GRPC_TLS_PEER,    WASM_GRPC_TLS_NAMES, WASM_GRPC_TOKEN_SUBJECT,
                                 WASM_GRPC_TOKEN_CLAIMS};
  for (uint32_t i = 0; i < sizeof told / sizeof *told; ++i) {
    struct wasm_grpc_bytes text = info(call, told[i]);
    const uint8_t* line = NULL;
    while (told[i] == WASM_GRPC_TLS_NAMES && text.size > 0 && (line = memchr(text.at, '\n', text.size)) != NULL) {
      const uint32_t size = (uint32_t)(line - text.at);
      add_bytes(i + 1, (struct wasm_grpc_bytes){text.at, size});
      text = (struct wasm_grpc_bytes){line + 1, text.size - size - 1};
    }
    add_bytes(i + 1, text);
  }
  return send_last(call);
}

static int32_t content_subtype(int32_t call) {
  const struct wasm_grpc_bytes subtype = info(call, WASM_GRPC_CONTENT_SUBTYPE);
  reserve(&reply, subtype.size);
  if (subtype.size > 0) memcpy(reply.at, subtype.at, subtype.size);
  reply.size = subtype.size;
  return send_last(call);
}

static int32_t wait_cancel(int32_t call) {
  if (send_reply(call)) wasm_grpc_1_wait(call, 0, -1);
  log_text(WASM_GRPC_INFO, "WaitCancel: cancelled");
  return cancelled;
}

static int32_t poll_cancel(int32_t call) {
  volatile uint32_t turns = 0;
  if (send_reply(call)) {
    while (turns % 10000 != 0 || wasm_grpc_1_wait(call, 0, 0) >= 0) turns = turns + 1;
  }
  log_text(WASM_GRPC_INFO, "PollCancel: cancelled");
  return cancelled;
}

static int32_t flood(int32_t call, const struct request* request) {
  uint8_t* text = malloc(request->number + 1);
  memset(text, 'x', request->number);
  unsigned long sent = 0;
  do {
    add_bytes(1, (struct wasm_grpc_bytes){text, request->number});
  } while (send_reply(call) && ++sent);
  free(text);
  log_text(WASM_GRPC_INFO, "Flood: sent %lu", sent);
  return cancelled;
}

static int32_t sink(int32_t call) {
  char text[16] = {0};
  const int32_t size = wasm_grpc_1_metadata_get(call, "x-pause-ms", 10, 0, text, sizeof text - 1);
  if (size >= 0) {
    char* end = NULL;
    const unsigned long pause = strtoul(text, &end, 10);
    if (size == 0 || size >= (int32_t)sizeof text || *end != 0) {
      return fail(call, invalid_argument, "x-pause-ms is not a number");
    }
    if (wasm_grpc_1_wait(call, 0, (int64_t)pause * 1000000) < 0) return cancelled;
  }
  uint64_t messages = 0;
  uint64_t bytes = 0;
  for (; receive(call) > 0; ++messages) bytes += request_bytes.size;
  add_number(1, messages);
  add_number(2, bytes);
  return send_last(call);
}

static void recompress(int32_t call, const struct request* request) {
  const int done = wasm_grpc_1_compress(call, request->flag != 0) == (request->flag != 0);
  const struct wasm_grpc_bytes encoding = info(call, WASM_GRPC_MESSAGE_ENCODING);
  add_bytes(1, request->text);
  add_bytes(2, encoding.size > 0 ? encoding : (struct wasm_grpc_bytes){(const uint8_t*)"none", 4});
  add_number(3, (uint64_t)done);
}

static int32_t compress_each(int32_t call) {
  struct request request;
  if (wasm_grpc_1_metadata_get(call, "x-announce", 10, 0, NULL, 0) >= 0) {
    wasm_grpc_1_compress(call, 1);
    wasm_grpc_1_compress(call, 0);
  }
  while (receive(call) > 0) {
    if (!parse(&request)) return malformed(call);
    recompress(call, &request);
    if (!send_reply(call)) return cancelled;
  }
  return 0;
}

/* ---- The table of methods ---- */

/* Those whose request is one message get it; the others read their own. */
struct method {
  const char* path;
  int32_t kind;
  int32_t (*with_request)(int32_t call, const struct request* request);
  int32_t (*without)(int32_t call);
};

static int32_t burn(int32_t call, const struct request* request) {
  return reply_number(call, compute(request->number));
}
static int32_t recurse_as_asked(int32_t call, const struct request* request) {
  return reply_number(call, recurse(request->number));
}
static int32_t compress(int32_t call, const struct request* request) {
  recompress(call, request);
  return send_last(call);
}
static int32_t spin_call(int32_t call) {
  (void)call;
  spin();
}
static int32_t trap(int32_t call) {
  (void)call;
  __builtin_trap();
}
static int32_t overflow(int32_t call) {
  volatile uint32_t top = 1;
  return reply_number(call, deeper(&top));
}
static int32_t exit_guest(int32_t call) {
  (void)call;
  exit(3);
}

static const struct method methods[] = {
    {"/test.Guest/EchoMetadata", WASM_GRPC_UNARY, NULL, echo_metadata},
    {"/test.Guest/Fail", WASM_GRPC_UNARY, fail_unary, NULL},
    {"/test.Guest/FailStream", WASM_GRPC_SERVER_STREAM, fail_stream, NULL},
    {"/test.Guest/Sleep", WASM_GRPC_UNARY, sleep_and_reply, NULL},
    {"/test.Guest/EarlyHeaders", WASM_GRPC_SERVER_STREAM, early_headers, NULL},
    {"/test.Guest/Print", WASM_GRPC_UNARY, print, NULL},
    {"/test.Guest/Spin", WASM_GRPC_UNARY, NULL, spin_call},
    {"/test.Guest/Burn", WASM_GRPC_UNARY, burn, NULL},
    {"/test.Guest/BurnEach", WASM_GRPC_BIDI_STREAM, NULL, burn_each},
    {"/test.Guest/Trap", WASM_GRPC_UNARY, NULL, trap},
    {"/test.Guest/Overflow", WASM_GRPC_UNARY, NULL, overflow},
    {"/test.Guest/Recurse", WASM_GRPC_UNARY, recurse_as_asked, NULL},
    {"/test.Guest/Exit", WASM_GRPC_UNARY, NULL, exit_guest},
    {"/test.Guest/Grow", WASM_GRPC_UNARY, grow, NULL},
    {"/test.Guest/Count", WASM_GRPC_UNARY, NULL, count},
    {"/test.Guest/Deadline", WASM_GRPC_UNARY, NULL, deadline},
    {"/test.Guest/Info", WASM_GRPC_UNARY, NULL, tell_info},
    {"/test.Guest/ContentSubtype", WASM_GRPC_UNARY, NULL, content_subtype},
    {"/test.Guest/WaitCancel", WASM_GRPC_BIDI_STREAM, NULL, wait_cancel},
    {"/test.Guest/PollCancel", WASM_GRPC_BIDI_STREAM, NULL, poll_cancel},
    {"/test.Guest/Flood", WASM_GRPC_SERVER_STREAM, flood, NULL},
    {"/test.Guest/Sink", WASM_GRPC_CLIENT_STREAM, NULL, sink},
    {"/test.Guest/Compress", WASM_GRPC_UNARY, compress, NULL},
    {"/test.Guest/CompressEach", WASM_GRPC_BIDI_STREAM, NULL, compress_each},
};

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  for (int32_t i = 0; i < (int32_t)(sizeof methods / sizeof *methods); ++i) {
    const char* path = methods[i].path;
    wasm_grpc_1_method(path, (uint32_t)strlen(path), methods[i].kind, WASM_GRPC_HANDLER, i);
  }
}

WASM_GRPC_EXPORT("wasm_grpc_call") int32_t serve(int32_t call, int32_t tag) {
  const struct method* method = &methods[tag];
  struct request request;
  reply.size = 0; /* of a call that broke off */
  looked_up.size = 0;
  if (method->with_request == NULL) return method->without(call);
  if (receive(call) <= 0) return cancelled;
  return parse(&request) ? method->with_request(call, &request) : malformed(call);
}
