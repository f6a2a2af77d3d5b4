/* Calls that a guest makes: the import module wasm_grpc_client_1 in one header, C99 and C++. docs/client.md is its
 * text.
 *
 *   int32_t call = wasm_grpc_client_1_open("payments", 8, "/pay.v1.Payments/Charge", 23, WASM_GRPC_UNARY,
 *                                          WASM_GRPC_NO_TIMEOUT, served, NULL, 0);
 *   wasm_grpc_client_1_send(call, request, request_len, 1);
 *   int32_t length;
 *   while ((length = wasm_grpc_client_1_recv(call, buffer, sizeof(buffer))) == WASM_GRPC_AGAIN) {
 *     struct wasm_grpc_wait_entry entry = {call, WASM_GRPC_READABLE, 0};
 *     wasm_grpc_client_1_wait_any(&entry, 1, -1);
 *   }
 *   ...wasm_grpc_client_1_status(call)...
 *   wasm_grpc_client_1_close(call);
 *
 * It is for guests of ABI 1, and as that is (wasm_grpc.h): functions may be called by the one thread a guest has, but
 * not in a start; buffers belong to the guest, and are used until the function returns; results of 0 and more are
 * successes, others are enum wasm_grpc_result; a pointer that is not inside the guest's memory traps the guest.
 * wait_any suspends the guest, all others return at once.
 *
 * The number of a call that one makes is greater than 0, and no call that the instance serves has the same. The call is
 * there until close(), or until its instance has done what it is for: in handler style until wasm_grpc_call returns, in
 * event style until the instance is given up. The functions of ABI 1 know nothing of it, and answer CLOSED. */
#ifndef WASM_GRPC_CLIENT_H
#define WASM_GRPC_CLIENT_H

#include <stdint.h>

#include "wasm_grpc.h"

#if defined(__wasm__)
/* A function of the module wasm_grpc_client_1, by its name. */
#define WASM_GRPC_CLIENT_IMPORT(name) __attribute__((import_module("wasm_grpc_client_1"), import_name(name)))
#else
#define WASM_GRPC_CLIENT_IMPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What functions answer besides enum wasm_grpc_result. */
enum wasm_grpc_client_result {
  WASM_GRPC_FULL = -9 /* the instance has as many calls as it may: some are to be closed */
};

/* What a call that one made can be waited for; may be added. Of those it serves there are READABLE and WRITABLE. */
enum wasm_grpc_client_interest {
  WASM_GRPC_CLIENT_READABLE = 1, /* recv() would not answer AGAIN: there is a message, or the end */
  WASM_GRPC_CLIENT_WRITABLE = 2, /* send() would not answer AGAIN */
  WASM_GRPC_CLIENT_HEADERS = 4,  /* the response headers are there, or the end */
  WASM_GRPC_CLIENT_ENDED = 8     /* there is a status */
};

/* In event style, wasm_grpc_event(call, 8, what) is told of a call that the instance made: `what` has those of
 * wasm_grpc_client_interest that hold. It is told when one holds that did not when it was told before, or since a
 * function answered AGAIN, and then once for all that came about meanwhile. With more messages to be taken than one, it
 * is told once: take them until AGAIN or END. After close() it is told of nothing. */
enum wasm_grpc_client_event { WASM_GRPC_EVENT_CLIENT = 8 };

/* What wasm_grpc_client_1_info() tells. */
enum wasm_grpc_client_info {
  WASM_GRPC_CLIENT_STATUS_MESSAGE = 0, /* in UTF-8, may be empty; AGAIN before the end */
  WASM_GRPC_CLIENT_STATUS_DETAILS =
      1 /* a serialized google.rpc.Status; AGAIN before the end, ABSENT where there is none */
};

/* A timeout, and a parent, that is none. */
#define WASM_GRPC_NO_TIMEOUT INT64_C(-1)
#define WASM_GRPC_NO_PARENT 0

/* ---- Declaring; only in wasm_grpc_start, else INVALID ---- */

/* Says that the module needs a target of this name, 1 to 256 bytes: a module that was not granted it is not loaded, and
 * the error names it. It may call others too. OK; ABSENT when it is not granted; INVALID. */
WASM_GRPC_CLIENT_IMPORT("require") int32_t wasm_grpc_client_1_require(const void* target, uint32_t target_len);

/* ---- A call ---- */

/* Begins to call the method `path`, /package.Service/Method, of a target, of which the guest knows the name only.
 *   kind         of enum wasm_grpc_kind; WASM_GRPC_HTTP for a target of plain HTTP, whose method and server are in
 *                metadata, ":method" and ":authority", and whose status is the header ":status" (docs/client.md)
 *   timeout_ns   until it ends with DEADLINE_EXCEEDED; a negative one is none
 *   parent       a call that the instance serves and that this one is made for, or 0. With one, it ends by the parent's
 *                deadline at the latest, ends with CANCELLED once the parent has ended, and belongs to its trace
 *   metadata     of the request, in the form of wasm_grpc_1_metadata_list(): for each pair a u32 key_len, a u32
 * value_len, key, value. Keys as those of responses are (docs/abi.md, "Metadata"); 16 KiB of keys and values at most
 * Its number, greater than 0. Also where it cannot be made, as when the target is not granted (PERMISSION_DENIED), or
 * has as many calls as it may (RESOURCE_EXHAUSTED): it has ended then, and status() says so.
 * CLOSED when the instance serves no call `parent`; INVALID for a path, kind or metadata that is none, and in a start;
 * FULL; UNSUPPORTED for a guest of another ABI than ABI 1. */
WASM_GRPC_CLIENT_IMPORT("open")
int32_t wasm_grpc_client_1_open(const void* target, uint32_t target_len, const void* path, uint32_t path_len,
                                int32_t kind, int64_t timeout_ns, int32_t parent, const void* metadata,
                                uint32_t metadata_len);

/* Sends a request message, which is copied; `last` 1: none follows, 0: more may. OK; AGAIN when the target does not
 * read fast enough: nothing was sent; CANCELLED when the call has ended: recv() has what came before; CLOSED when the
 * last was sent, and for a number of no call; INVALID for a second message where one is allowed, and for another
 * `last`. */
WASM_GRPC_CLIENT_IMPORT("send")
int32_t wasm_grpc_client_1_send(int32_t call, const void* ptr, uint32_t len, int32_t last);
/* Says that no message follows. OK, also when that was said before; CANCELLED; CLOSED for a number of no call. */
WASM_GRPC_CLIENT_IMPORT("half_close") int32_t wasm_grpc_client_1_half_close(int32_t call);

/* Takes the next response message: its length, and where that is at most `cap` its bytes in `ptr`; else it is still to
 * be taken, with a larger buffer. END when the call has ended and all were taken, whatever its status; AGAIN; CLOSED.
 */
WASM_GRPC_CLIENT_IMPORT("recv") int32_t wasm_grpc_client_1_recv(int32_t call, void* ptr, uint32_t cap);

/* The length of the value of the `index`-th response header or trailer (enum wasm_grpc_metadata) named `key`, and where
 * that is at most `cap` its bytes in `value`. Those of keys that end in -bin are raw. AGAIN while the headers, or the
 * end, are not there; ABSENT; CLOSED; INVALID. */
WASM_GRPC_CLIENT_IMPORT("metadata_get")
int32_t wasm_grpc_client_1_metadata_get(int32_t call, int32_t where, const void* key, uint32_t key_len, int32_t index,
                                        void* value, uint32_t cap);
/* The length of all response headers or trailers, and where that is at most `cap` all of them in `ptr`, in the form of
 * wasm_grpc_1_metadata_list(). AGAIN, CLOSED, INVALID. */
WASM_GRPC_CLIENT_IMPORT("metadata_list")
int32_t wasm_grpc_client_1_metadata_list(int32_t call, int32_t where, void* ptr, uint32_t cap);

/* The status, 0 (OK) to 16; AGAIN while there is none. Messages that came before it may still be there. CLOSED. */
WASM_GRPC_CLIENT_IMPORT("status") int32_t wasm_grpc_client_1_status(int32_t call);
/* The length of what wasm_grpc_client_info says, and where that is at most `cap` its bytes in `ptr`. AGAIN, ABSENT,
 * CLOSED, INVALID. */
WASM_GRPC_CLIENT_IMPORT("info") int32_t wasm_grpc_client_1_info(int32_t call, int32_t what, void* ptr, uint32_t cap);

/* Ends the call with CANCELLED, which the target is told. Nothing happens to one that has ended. OK, CLOSED. */
WASM_GRPC_CLIENT_IMPORT("cancel") int32_t wasm_grpc_client_1_cancel(int32_t call);
/* Lets go of the call, and cancels it when it has not ended. Its number is not that of a call any more. OK, CLOSED. */
WASM_GRPC_CLIENT_IMPORT("close") int32_t wasm_grpc_client_1_close(int32_t call);

/* ---- Waiting, in handler style ---- */

/* wasm_grpc_1_wait_any() for calls that one makes and serves together: suspends until `ready` of one of the 1 to 1024
 * entries is not 0, and answers how many are not; 0 when `timeout_ns` passed first, which a negative one never does,
 * and 0 is only a look. `ready` is written: of a call that one made the interests that hold, CLOSED or INVALID; of one
 * that is served what wasm_grpc_1_wait() would answer. CANCELLED as soon as the call that is served in handler style
 * has ended for its client, though no entry names it; INVALID for another count, and in event style where it would have
 * to suspend. */
WASM_GRPC_CLIENT_IMPORT("wait_any")
int32_t wasm_grpc_client_1_wait_any(struct wasm_grpc_wait_entry* entries, uint32_t count, int64_t timeout_ns);
/* As wasm_grpc_1_wait_fd(), for a call that one made: a file descriptor that poll() finds ready when one of the
 * interests holds, and when there is no such call. To be closed. CLOSED, INVALID. */
WASM_GRPC_CLIENT_IMPORT("wait_fd") int32_t wasm_grpc_client_1_wait_fd(int32_t call, int32_t interests);

#ifdef __cplusplus
}
#endif

#endif
