// Passes a call on to a target, and its answer back: messages both ways as they come, metadata, status and details. The
// request header x-target says to which, x-path to which method, x-kind of which kind.
#include <stdint.h>
#include <string.h>

#include "wasm_grpc_client.h"

static const char path[] = "/test.Proxy/Pass";

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  wasm_grpc_1_method(path, sizeof path - 1, WASM_GRPC_BIDI_STREAM, WASM_GRPC_HANDLER, 0);
}

static char pairs[32 << 10];
static uint8_t message[1 << 20];
static uint8_t answer[1 << 20];

static int32_t header(int32_t call, const char* key, char* value, uint32_t cap) {
  const int32_t size = wasm_grpc_1_metadata_get(call, key, (uint32_t)strlen(key), 0, value, cap);
  return size < 0 || size > (int32_t)cap ? 0 : size;
}

// A pair of a key and a value in `pairs`, which it is moved past; 0 after the last.
static int next_pair(const char** at, const char* end, uint32_t sizes[2], const char** key) {
  if (*at == end) return 0;
  memcpy(sizes, *at, 8);
  *key = *at + 8;
  *at = *key + sizes[0] + sizes[1];
  return 1;
}

static int starts_with(const char* key, uint32_t size, const char* prefix) {
  return size >= strlen(prefix) && memcmp(key, prefix, strlen(prefix)) == 0;
}

// The request's metadata but for what is for the proxy, in `pairs`: its length.
static uint32_t request_pairs(int32_t call) {
  const int32_t size = wasm_grpc_1_metadata_list(call, pairs, sizeof pairs);
  if (size < 0 || size > (int32_t)sizeof pairs) return 0;
  const char* at = pairs;
  const char* key = 0;
  char* out = pairs;
  uint32_t sizes[2];
  while (next_pair(&at, pairs + size, sizes, &key)) {
    const uint32_t whole = 8 + sizes[0] + sizes[1];
    if (starts_with(key, sizes[0], "x-target") || starts_with(key, sizes[0], "x-path") ||
        starts_with(key, sizes[0], "x-kind")) {
      continue;
    }
    memmove(out, key - 8, whole);
    out += whole;
  }
  return (uint32_t)(out - pairs);
}

static void pass_metadata(int32_t made, int32_t call, int32_t where) {
  const int32_t size = wasm_grpc_client_1_metadata_list(made, where, pairs, sizeof pairs);
  if (size < 0 || size > (int32_t)sizeof pairs) return;
  const char* at = pairs;
  const char* key = 0;
  uint32_t sizes[2];
  while (next_pair(&at, pairs + size, sizes, &key)) {
    wasm_grpc_1_metadata_add(call, where, key, sizes[0], key + sizes[0], sizes[1]);
  }
}

struct passing {
  int32_t request;  // length of the message that is to be passed on, or -1
  int32_t reply;    // likewise, or what recv answered
  int request_ended;
  int headers_passed;
};

// Does what can be done now. 0 when nothing could be; -1 when the client is gone.
static int pass(int32_t call, int32_t made, struct passing* state) {
  int done = 0;
  if (state->request < 0 && !state->request_ended) {
    state->request = wasm_grpc_1_recv(call, message, sizeof message);
    if (state->request == WASM_GRPC_CANCELLED) return -1;
    if (state->request == WASM_GRPC_END) {
      state->request_ended = 1;
      wasm_grpc_client_1_half_close(made);
    }
    done = state->request >= 0 || state->request_ended;
  }
  if (state->request >= 0 && wasm_grpc_client_1_send(made, message, (uint32_t)state->request, 0) != WASM_GRPC_AGAIN) {
    state->request = -1;
    done = 1;
  }
  if (!state->headers_passed && wasm_grpc_client_1_metadata_list(made, WASM_GRPC_HEADERS, 0, 0) >= 0) {
    pass_metadata(made, call, WASM_GRPC_HEADERS);
    state->headers_passed = 1;
    if (wasm_grpc_client_1_status(made) == WASM_GRPC_AGAIN) wasm_grpc_1_headers_send(call);
    done = 1;
  }
  if (state->reply < 0) state->reply = wasm_grpc_client_1_recv(made, answer, sizeof answer);
  if (state->reply >= 0) {
    const int32_t sent = wasm_grpc_1_send(call, answer, (uint32_t)state->reply);
    if (sent == WASM_GRPC_CANCELLED) return -1;
    if (sent == WASM_GRPC_OK) {
      state->reply = WASM_GRPC_AGAIN;  // not END: more may come
      done = 1;
    }
  }
  return done;
}

WASM_GRPC_EXPORT("wasm_grpc_call") int32_t serve(int32_t call, int32_t tag) {
  (void)tag;
  char target[256];
  char method[512];
  char kind = '0';
  const int32_t target_size = header(call, "x-target", target, sizeof target);
  const int32_t method_size = header(call, "x-path", method, sizeof method);
  header(call, "x-kind", &kind, 1);
  const uint32_t size = request_pairs(call);
  const int32_t made = wasm_grpc_client_1_open(target, (uint32_t)target_size, method, (uint32_t)method_size, kind - '0',
                                               WASM_GRPC_NO_TIMEOUT, call, pairs, size);
  if (made < 0) return 3;
  struct passing state = {-1, WASM_GRPC_AGAIN, 0, 0};
  for (;;) {
    const int done = pass(call, made, &state);
    if (done < 0) return 1;
    if (state.reply == WASM_GRPC_END) break;
    if (done > 0) continue;
    struct wasm_grpc_wait_entry entries[2] = {
        {call,
         (state.request < 0 && !state.request_ended ? WASM_GRPC_READABLE : 0) |
             (state.reply >= 0 ? WASM_GRPC_WRITABLE : 0),
         0},
        {made,
         (state.request >= 0 ? WASM_GRPC_CLIENT_WRITABLE : 0) | (state.reply < 0 ? WASM_GRPC_CLIENT_READABLE : 0) |
             (state.headers_passed ? 0 : WASM_GRPC_CLIENT_HEADERS),
         0}};
    if (wasm_grpc_client_1_wait_any(entries, 2, -1) < 0) return 1;
  }
  pass_metadata(made, call, WASM_GRPC_TRAILERS);
  const int32_t text = wasm_grpc_client_1_info(made, WASM_GRPC_CLIENT_STATUS_MESSAGE, answer, sizeof answer);
  wasm_grpc_1_finish(call, wasm_grpc_client_1_status(made), answer, text < 0 ? 0 : (uint32_t)text);
  return 0;
}
