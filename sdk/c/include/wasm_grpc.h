/* ABI 1 of wasm-grpc for guests in C, and for whoever binds another language: docs/abi.md in one header, C99 and C++.
 *
 *   #include "wasm_grpc.h"
 *
 *   WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
 *     wasm_grpc_1_method("/pkg.Service/Method", 19, WASM_GRPC_UNARY, WASM_GRPC_HANDLER, 0);
 *   }
 *   WASM_GRPC_EXPORT("wasm_grpc_call") int32_t call(int32_t call, int32_t tag) {
 *     ...wasm_grpc_1_recv(), wasm_grpc_1_send()...
 *     return 0;
 *   }
 *
 * Build it as a WASI reactor: clang --target=wasm32-wasi -mexec-model=reactor, or wasm_grpc_add_guest() of CMake.
 *
 * Every function may be called by the one thread a guest has. Buffers belong to the guest and are used until the
 * function returns. Texts are given with their length, and need no zero at the end. Results of 0 and more are
 * successes; others are enum wasm_grpc_result. A pointer that is not inside the guest's memory traps the guest.
 *
 * Outside of wasm these are plain functions, for whoever links a guest into a native test to define. */
#ifndef WASM_GRPC_H
#define WASM_GRPC_H

#include <stdint.h>

#if defined(__wasm__)
/* An import of ABI 1, by its name. */
#define WASM_GRPC_IMPORT(name) __attribute__((import_module("wasm_grpc_1"), import_name(name)))
/* An import that an older host may lack: there it answers WASM_GRPC_UNSUPPORTED (docs/abi.md, "Versions"). */
#define WASM_GRPC_OPTIONAL_IMPORT(name) __attribute__((import_module("wasm_grpc_1_optional"), import_name(name)))
/* A function that the module exports to the host. */
#define WASM_GRPC_EXPORT(name) __attribute__((export_name(name)))
#else
#define WASM_GRPC_IMPORT(name)
#define WASM_GRPC_OPTIONAL_IMPORT(name)
#define WASM_GRPC_EXPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What functions answer when they do not succeed. */
enum wasm_grpc_result {
  WASM_GRPC_OK = 0,
  WASM_GRPC_END = -1,        /* the client has sent its last message, and all were received */
  WASM_GRPC_AGAIN = -2,      /* not now: wait() tells when */
  WASM_GRPC_CANCELLED = -3,  /* the call has ended for the client: nothing can be delivered */
  WASM_GRPC_ABSENT = -4,     /* there is no such value */
  WASM_GRPC_CLOSED = -5,     /* no live call has this number, or its status was given */
  WASM_GRPC_INVALID = -6,    /* the arguments or the moment are wrong */
  WASM_GRPC_UNSUPPORTED = -7 /* the host does not offer it */
};

/* How many messages a method has each way. */
enum wasm_grpc_kind {
  WASM_GRPC_UNARY = 0,
  WASM_GRPC_CLIENT_STREAM = 1,
  WASM_GRPC_SERVER_STREAM = 2,
  WASM_GRPC_BIDI_STREAM = 3,
  WASM_GRPC_HTTP = 4 /* requests that are not gRPC, at a path and below it */
};

/* How a method is served: by wasm_grpc_call, which runs as long as the call, in an instance of its own; or by
 * wasm_grpc_event, called for each event of many calls. */
enum wasm_grpc_style { WASM_GRPC_HANDLER = 0, WASM_GRPC_EVENTS = 1 };

/* Which instance calls in event style meet. */
enum wasm_grpc_placement {
  WASM_GRPC_INSTANCE_OF_WORKER = 0,
  WASM_GRPC_INSTANCE_OF_PROCESS = 1,
  WASM_GRPC_INSTANCE_OF_KEY = 2 /* one for each value of a request header */
};

/* What wasm_grpc_event is told of. */
enum wasm_grpc_event {
  WASM_GRPC_EVENT_OPEN = 0, /* its value is the tag of the method */
  WASM_GRPC_EVENT_MESSAGE = 1,
  WASM_GRPC_EVENT_HALF_CLOSE = 2,
  WASM_GRPC_EVENT_WRITABLE = 3,
  WASM_GRPC_EVENT_TIMER = 4,
  WASM_GRPC_EVENT_CANCELLED = 5,
  /* Of the instance: their call is 0. */
  WASM_GRPC_EVENT_ALARM = 6,
  WASM_GRPC_EVENT_ENDING = 7
};

/* What wasm_grpc_1_wait() waits for; may be added. */
enum wasm_grpc_interest { WASM_GRPC_READABLE = 1, WASM_GRPC_WRITABLE = 2 };

/* Where wasm_grpc_1_metadata_add() adds. */
enum wasm_grpc_metadata { WASM_GRPC_HEADERS = 0, WASM_GRPC_TRAILERS = 1 };

/* What wasm_grpc_1_info() tells. */
enum wasm_grpc_info {
  WASM_GRPC_PATH = 0,             /* /package.Service/Method */
  WASM_GRPC_AUTHORITY = 1,        /* what the client asked for */
  WASM_GRPC_PEER = 2,             /* its address, 127.0.0.1:4711 */
  WASM_GRPC_TLS_PEER = 3,         /* the first name in its verified certificate; see WASM_GRPC_TLS_NAMES */
  WASM_GRPC_MESSAGE_ENCODING = 4, /* how the message received last came: identity, gzip or deflate */
  WASM_GRPC_HTTP_METHOD = 5,      /* "GET"; ABSENT for gRPC */
  WASM_GRPC_END_REASON = 6,       /* client, deadline, connection, stopping, host or answered; ABSENT before the end */
  WASM_GRPC_TLS_NAMES = 7,        /* all names in that certificate with their kinds, a line each: dns:client.test */
  WASM_GRPC_CONTENT_SUBTYPE = 8,  /* the format of the messages: "json" of application/grpc+json; ABSENT for protobuf */
  WASM_GRPC_TOKEN_SUBJECT = 9,    /* who the client is by its bearer token, where the host has verified one */
  WASM_GRPC_TOKEN_CLAIMS = 10,    /* all that the token says: a JSON object */
  /* Limits, each a uint64_t; ABSENT where there is none. */
  WASM_GRPC_MAX_REQUEST = 32,   /* bytes of a request message */
  WASM_GRPC_MAX_RESPONSE = 33,  /* of a response message */
  WASM_GRPC_MAX_METADATA = 34,  /* of the response metadata */
  WASM_GRPC_MAX_MEMORY = 35,    /* of the instance's memory */
  WASM_GRPC_MAX_CPU_TIME = 36,  /* nanoseconds of a call, or of one event */
  WASM_GRPC_MAX_EVENT_TIME = 37 /* nanoseconds, waits included */
};

/* What wasm_grpc_1_wait_any() waits for. */
struct wasm_grpc_wait_entry {
  int32_t call;
  uint32_t interests; /* of wasm_grpc_interest */
  int32_t ready;      /* is written: what wasm_grpc_1_wait() would answer, 0 while it would suspend */
};

enum wasm_grpc_level {
  WASM_GRPC_TRACE = 0,
  WASM_GRPC_DEBUG = 1,
  WASM_GRPC_INFO = 2,
  WASM_GRPC_WARN = 3,
  WASM_GRPC_ERROR = 4
};

/* What wasm_grpc_1_deadline() answers when the client set none. */
#define WASM_GRPC_NO_DEADLINE INT64_MAX

/* ---- Exports of the module: define those it needs, each with WASM_GRPC_EXPORT() of its name ----
 *
 *   void wasm_grpc_start(void)
 *     Declares the methods, always the same, in every new instance.
 *   int32_t wasm_grpc_call(int32_t call, int32_t tag)
 *     Serves a call in handler style. Returns its status, 0 (OK) to 16, which wasm_grpc_1_finish() overrides.
 *   void wasm_grpc_event(int32_t call, int32_t event, int32_t value)
 *     Is told of an event of a call in event style. */

/* ---- Declaring; only in wasm_grpc_start, else INVALID ---- */

/* Declares the method `path`, /package.Service/Method, by its wasm_grpc_kind and wasm_grpc_style. `tag` is the guest's
 * own number for it. INVALID when it is refused; the module is then not loaded. */
WASM_GRPC_IMPORT("method")
int32_t wasm_grpc_1_method(const void* path, uint32_t path_len, int32_t kind, int32_t style, int32_t tag);
/* Says which instance the calls in event style meet, a wasm_grpc_placement; `key` is the header's name for the last,
 * and empty else. */
WASM_GRPC_IMPORT("placement") int32_t wasm_grpc_1_placement(int32_t where, const void* key, uint32_t key_len);
/* Gives a serialized google.protobuf.FileDescriptorSet that describes the services, for reflection. */
WASM_GRPC_IMPORT("descriptors") int32_t wasm_grpc_1_descriptors(const void* ptr, uint32_t len);
/* Says whether package.Service is fit to serve (1) or not (0), for health checks. In calls too. ABSENT when the module
 * has no such service. */
WASM_GRPC_IMPORT("health_set")
int32_t wasm_grpc_1_health_set(const void* service, uint32_t service_len, int32_t serving);

/* ---- Messages ---- */

/* Takes the next request message: its length, and where that is at most `cap` its bytes in `ptr`; else it is still to
 * be taken, with a larger buffer. END, AGAIN, CANCELLED, CLOSED. */
WASM_GRPC_IMPORT("recv") int32_t wasm_grpc_1_recv(int32_t call, void* ptr, uint32_t cap);
/* Sends a response message, which is copied. AGAIN when the client does not read fast enough: nothing was sent.
 * CANCELLED, CLOSED; INVALID for a second one where one is allowed. */
WASM_GRPC_IMPORT("send") int32_t wasm_grpc_1_send(int32_t call, const void* ptr, uint32_t len);
/* Whether messages are compressed from now on (1) or not (0). 1 when they are; 0 when not, as when the client takes no
 * compression. CANCELLED, CLOSED, INVALID. */
WASM_GRPC_IMPORT("compress") int32_t wasm_grpc_1_compress(int32_t call, int32_t on);
/* Suspends the guest until one of the interests holds, and answers those that do; 0 when `timeout_ns` passed first,
 * which a negative one never does. CANCELLED, CLOSED, INVALID. In event style it only looks. */
WASM_GRPC_IMPORT("wait") int32_t wasm_grpc_1_wait(int32_t call, int32_t interests, int64_t timeout_ns);
/* The same for `count` calls, 1 to 1024: suspends until `ready` of one is not 0, and answers how many are not; 0 when
 * the time passed first. INVALID. */
WASM_GRPC_OPTIONAL_IMPORT("wait_any")
int32_t wasm_grpc_1_wait_any(struct wasm_grpc_wait_entry* entries, uint32_t count, int64_t timeout_ns);
/* A file descriptor that poll() finds ready when wasm_grpc_1_wait() would not suspend. To be closed. CLOSED, INVALID.
 */
WASM_GRPC_OPTIONAL_IMPORT("wait_fd") int32_t wasm_grpc_1_wait_fd(int32_t call, int32_t interests);
/* Gives the call its status, 0 to 16, and a text in UTF-8 for people. CANCELLED, CLOSED, INVALID. */
WASM_GRPC_IMPORT("finish")
int32_t wasm_grpc_1_finish(int32_t call, int32_t code, const void* message, uint32_t message_len);

/* ---- Metadata ---- */

/* The length of the value of the `index`-th request header named `key`, in lower case, and where that is at most `cap`
 * its bytes in `value`. Those of keys that end in -bin are raw. ABSENT, CLOSED, INVALID. */
WASM_GRPC_IMPORT("metadata_get")
int32_t wasm_grpc_1_metadata_get(int32_t call, const void* key, uint32_t key_len, int32_t index, void* value,
                                 uint32_t cap);
/* The length of all request metadata, and where that is at most `cap` all of it in `ptr`: for each pair a u32 key_len,
 * a u32 value_len, key, value. CLOSED. */
WASM_GRPC_IMPORT("metadata_list") int32_t wasm_grpc_1_metadata_list(int32_t call, void* ptr, uint32_t cap);
/* Adds response metadata to the headers or the trailers (wasm_grpc_metadata). CANCELLED, CLOSED, INVALID. */
WASM_GRPC_IMPORT("metadata_add")
int32_t wasm_grpc_1_metadata_add(int32_t call, int32_t where, const void* key, uint32_t key_len, const void* value,
                                 uint32_t value_len);
/* The status of the answer to an HTTP request, 200 to 599; 200 without it. INVALID for another number, after the
   headers were sent, and for gRPC calls; CANCELLED, CLOSED. */
WASM_GRPC_IMPORT("http_status") int32_t wasm_grpc_1_http_status(int32_t call, int32_t status);

/* Sends the response headers now, not with the first message. CANCELLED, CLOSED. */
WASM_GRPC_IMPORT("headers_send") int32_t wasm_grpc_1_headers_send(int32_t call);

/* ---- The call ---- */

/* In event style: tells of WASM_GRPC_EVENT_TIMER after `timeout_ns`, instead of when it was to before; a negative one
 * takes it back. CANCELLED, CLOSED; INVALID in handler style. */
WASM_GRPC_IMPORT("timer") int32_t wasm_grpc_1_timer(int32_t call, int64_t timeout_ns);
/* The length of what wasm_grpc_info says, and where that is at most `cap` its bytes in `ptr`. ABSENT, CLOSED,
 * INVALID. */
WASM_GRPC_IMPORT("info") int32_t wasm_grpc_1_info(int32_t call, int32_t what, void* ptr, uint32_t cap);
/* Nanoseconds left until the deadline, 0 when it has passed; WASM_GRPC_NO_DEADLINE, or CLOSED. */
WASM_GRPC_IMPORT("deadline") int64_t wasm_grpc_1_deadline(int32_t call);
/* Writes a line to the host's log, by its wasm_grpc_level. */
WASM_GRPC_IMPORT("log") void wasm_grpc_1_log(int32_t level, const void* ptr, uint32_t len);
/* The same about a call, with pairs of a key and a value in the form of wasm_grpc_1_metadata_list(): 32 pairs and 8 KiB
 * at most. CLOSED, INVALID. */
WASM_GRPC_OPTIONAL_IMPORT("log_call")
int32_t wasm_grpc_1_log_call(int32_t call, int32_t level, const void* text, uint32_t text_len, const void* pairs,
                             uint32_t pairs_len);

/* ---- The instance, in event style; optional functions too ---- */

/* Tells of WASM_GRPC_EVENT_ALARM after `timeout_ns`, with or without calls, instead of when it was to before; a
 * negative one takes it back. INVALID in a start, and in handler style. */
WASM_GRPC_OPTIONAL_IMPORT("alarm") int32_t wasm_grpc_1_alarm(int64_t timeout_ns);
/* Whether WASM_GRPC_EVENT_ENDING is told (1) before the instance is given up. In wasm_grpc_start too. INVALID. */
WASM_GRPC_OPTIONAL_IMPORT("ending") int32_t wasm_grpc_1_ending(int32_t wanted);

#ifdef __cplusplus
}
#endif

#endif
