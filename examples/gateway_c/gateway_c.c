// gateway.Gateway (../gateway/gateway.proto) in C: asks three services at once, and merges what they answer in time.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "wasm_grpc.h"
#include "wasm_grpc_client.h"
#include "wasm_grpc_wire.h"

enum { visit = 0, explore = 1 };                                                              // tags of the methods
enum { ok = 0, cancelled = 1, invalid_argument = 3, resource_exhausted = 8, internal = 13 };  // status codes of gRPC
enum { greeter = 0, guide = 1, weather = 2, services = 3 };

static const char* const targets[services] = {"greeter", "guide", "weather"};
static const char* const methods[services] = {"/helloworld.Greeter/SayHello", "/routeguide.RouteGuide/GetFeature",
                                              "/weather.Weather/Now"};

// What is not known after so long is left out.
static const int64_t patience_ns = 2 * INT64_C(1000000000);

enum { max_message = 64 * 1024 };
static uint8_t request[max_message];
static uint8_t received[max_message];
static uint8_t reply[2 * max_message];
static uint8_t* reply_end;

static void declare(const char* path, int32_t kind, int32_t tag) {
  wasm_grpc_1_method(path, (uint32_t)strlen(path), kind, WASM_GRPC_HANDLER, tag);
}

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  for (int i = 0; i < services; ++i) wasm_grpc_client_1_require(targets[i], (uint32_t)strlen(targets[i]));
  declare("/gateway.Gateway/Visit", WASM_GRPC_UNARY, visit);
  declare("/gateway.Gateway/Explore", WASM_GRPC_SERVER_STREAM, explore);
}

static int32_t fail(int32_t call, int32_t code, const char* text) {
  wasm_grpc_1_finish(call, code, text, (uint32_t)strlen(text));
  return code;
}

// ---- Messages ----

static uint8_t* write_int32(uint8_t* to, uint32_t field, int32_t value) {
  return wasm_grpc_write_uint64(to, field, (uint64_t)(int64_t)value);
}

// Adds a string to the reply; one that does not fit is left out.
static void reply_text(uint32_t field, const void* text, uint32_t size) {
  const uint32_t room = (uint32_t)(reply + sizeof reply - reply_end);
  if (size + WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT <= room) {
    reply_end = wasm_grpc_write_bytes(reply_end, field, text, size);
  }
}

// A message with strings, numbers and messages in its first fields: those of the last of each number.
struct fields {
  struct wasm_grpc_bytes bytes[5];
  int32_t numbers[5];
};

static int read_fields(struct wasm_grpc_bytes in, struct fields* fields) {
  struct wasm_grpc_field field = {0};
  int found = 0;
  memset(fields, 0, sizeof *fields);
  while ((found = wasm_grpc_next_field(&in, &field)) > 0) {
    if (field.number > 4) continue;
    if (field.wire == WASM_GRPC_BYTES) fields->bytes[field.number] = field.bytes;
    if (field.wire == WASM_GRPC_VARINT) fields->numbers[field.number] = (int32_t)field.value;
  }
  return found == 0;
}

// ---- Calls of others ----

// Begins a call for the one that is served, of one request: its number, which is none where it is 0 or less.
static int32_t ask(int32_t call, int service, const char* method, int32_t kind, int64_t time, const uint8_t* message,
                   const uint8_t* end) {
  const char* const target = targets[service];
  const int32_t made = wasm_grpc_client_1_open(target, (uint32_t)strlen(target), method, (uint32_t)strlen(method), kind,
                                               time, call, NULL, 0);
  if (made > 0) wasm_grpc_client_1_send(made, message, (uint32_t)(end - message), 1);
  return made;
}

static int32_t ask_at_place(int32_t call, int service, int64_t time, int32_t latitude, int32_t longitude) {
  uint8_t place[2 * (WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT)];
  return ask(call, service, methods[service], WASM_GRPC_UNARY, time, place,
             write_int32(write_int32(place, 1, latitude), 2, longitude));
}

// Waits until all of the calls have ended; 0 when the client has gone.
static int await_ends(const int32_t* made, int count) {
  while (1) {
    struct wasm_grpc_wait_entry entries[services];
    uint32_t waiting = 0;
    for (int i = 0; i < count; ++i) {
      if (made[i] > 0 && wasm_grpc_client_1_status(made[i]) == WASM_GRPC_AGAIN) {
        entries[waiting++] = (struct wasm_grpc_wait_entry){made[i], WASM_GRPC_CLIENT_ENDED, 0};
      }
    }
    if (waiting == 0) return 1;
    if (wasm_grpc_client_1_wait_any(entries, waiting, -1) < 0) return 0;
  }
}

// Takes the next response of a call; 0 when it is none that can be read.
static int take_response(int32_t made, struct fields* fields) {
  const int32_t size = wasm_grpc_client_1_recv(made, received, max_message);
  if (size < 0 || size > max_message) return 0;
  return read_fields((struct wasm_grpc_bytes){received, (uint32_t)size}, fields);
}

// Adds the answer of a service to the reply, as field `field`; 0 when it has not ended well, or has none that can be
// read.
static int add_answer(int service, int32_t made, uint32_t field) {
  struct fields answer;
  if (made <= 0 || wasm_grpc_client_1_status(made) != ok || !take_response(made, &answer)) return 0;
  if (service != weather) {
    reply_text(field, answer.bytes[1].at, answer.bytes[1].size);
    return 1;
  }
  char text[256];
  const int size =
      snprintf(text, sizeof text, "%.*s, %d C", (int)(answer.bytes[1].size < 200 ? answer.bytes[1].size : 200),
               (const char*)answer.bytes[1].at, (int)answer.numbers[2]);
  reply_text(field, text, (uint32_t)size);
  return 1;
}

// Says in the reply that a service had no answer, and why.
static void add_missing(int service, int32_t made) {
  char text[512];
  char why[256] = "";
  const int32_t status = wasm_grpc_client_1_status(made);
  const int32_t code = status > 0 ? status : internal;
  int32_t size = wasm_grpc_client_1_info(made, WASM_GRPC_CLIENT_STATUS_MESSAGE, why, sizeof why);
  if (size < 0 || size > (int32_t)sizeof why) size = 0;
  const int length = snprintf(text, sizeof text, "%s: code %d%s%.*s", targets[service], (int)code, size > 0 ? ", " : "",
                              (int)size, why);
  reply_text(4, text, (uint32_t)length);
}

// ---- Methods ----

static int32_t send_reply(int32_t call) {
  int32_t sent = 0;
  while ((sent = wasm_grpc_1_send(call, reply, (uint32_t)(reply_end - reply))) == WASM_GRPC_AGAIN)
    wasm_grpc_1_wait(call, WASM_GRPC_WRITABLE, -1);
  return sent;
}

// The time for the services: the client is to have what there is before its deadline.
static int64_t time_for(int32_t call) {
  const int64_t most = wasm_grpc_1_deadline(call) / 10 * 9;
  return most < patience_ns ? most : patience_ns;
}

static int32_t serve_visit(int32_t call, const struct fields* asked) {
  static uint8_t hello[max_message + WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT];
  const int64_t time = time_for(call);
  const int32_t latitude = asked->numbers[2];
  const int32_t longitude = asked->numbers[3];
  const int32_t made[services] = {
      ask(call, greeter, methods[greeter], WASM_GRPC_UNARY, time, hello,
          wasm_grpc_write_bytes(hello, 1, asked->bytes[1].at, asked->bytes[1].size)),
      ask_at_place(call, guide, time, latitude, longitude),
      ask_at_place(call, weather, time, latitude, longitude),
  };
  if (!await_ends(made, services)) return cancelled;
  for (int i = 0; i < services; ++i) {
    if (!add_answer(i, made[i], (uint32_t)i + 1)) add_missing(i, made[i]);
    wasm_grpc_client_1_close(made[i]);
  }
  return send_reply(call) == WASM_GRPC_OK ? ok : cancelled;
}

// Takes the next feature of a stream: 1; 0 after the last, -1 when the client has gone.
static int next_feature(int32_t features, struct fields* feature) {
  while (1) {
    const int32_t size = wasm_grpc_client_1_recv(features, received, max_message);
    if (size == WASM_GRPC_AGAIN) {
      struct wasm_grpc_wait_entry entry = {features, WASM_GRPC_CLIENT_READABLE, 0};
      if (wasm_grpc_client_1_wait_any(&entry, 1, -1) < 0) return -1;
    } else if (size < 0 || size > max_message) {
      return 0;
    } else if (read_fields((struct wasm_grpc_bytes){received, (uint32_t)size}, feature)) {
      return 1;
    }
  }
}

static int32_t serve_explore(int32_t call, const struct fields* asked) {
  uint8_t corner[2 * (WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT)];
  uint8_t area[2 * (sizeof corner + WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT)];
  uint8_t* end = area;
  for (uint32_t i = 0; i < 2; ++i) {
    const uint8_t* const corner_end =
        write_int32(write_int32(corner, 1, asked->numbers[1 + 2 * i]), 2, asked->numbers[2 + 2 * i]);
    end = wasm_grpc_write_bytes(end, i + 1, corner, (uint32_t)(corner_end - corner));
  }
  const int32_t features =
      ask(call, guide, "/routeguide.RouteGuide/ListFeatures", WASM_GRPC_SERVER_STREAM, WASM_GRPC_NO_TIMEOUT, area, end);
  struct fields feature;
  struct fields place;
  int found = 0;
  while ((found = next_feature(features, &feature)) > 0) {
    reply_end = reply;
    reply_text(1, feature.bytes[1].at, feature.bytes[1].size);
    read_fields(feature.bytes[2], &place);
    const int32_t report = ask_at_place(call, weather, WASM_GRPC_NO_TIMEOUT, place.numbers[1], place.numbers[2]);
    if (!await_ends(&report, 1)) return cancelled;
    (void)add_answer(weather, report, 2);  // a place is a place in any weather
    wasm_grpc_client_1_close(report);
    if (send_reply(call) != WASM_GRPC_OK) return cancelled;
  }
  if (found < 0) return cancelled;
  const int32_t status = wasm_grpc_client_1_status(features);
  return status >= 0 ? status : internal;
}

WASM_GRPC_EXPORT("wasm_grpc_call") int32_t serve(int32_t call, int32_t tag) {
  struct fields asked;
  const int32_t size = wasm_grpc_1_recv(call, request, max_message);
  if (size < 0) return cancelled;
  if (size > max_message) return fail(call, resource_exhausted, "a request may have 64 KiB");
  if (!read_fields((struct wasm_grpc_bytes){request, (uint32_t)size}, &asked)) {
    return fail(call, invalid_argument, "the request is not the message of this method");
  }
  reply_end = reply;
  return tag == visit ? serve_visit(call, &asked) : serve_explore(call, &asked);
}
