/* A key-value store that the instances of a module share: the import module wasm_grpc_kv_1 in one header, C99 and C++.
 * docs/host-modules.md is its text, with the layouts of what several pairs are.
 *
 *   int64_t version = wasm_grpc_kv_1_set("session/7", 9, state, state_len, WASM_GRPC_KV_FOR_GOOD, WASM_GRPC_KV_ANY);
 *   int32_t length = wasm_grpc_kv_1_get("session/7", 9, buffer, sizeof(buffer), &found);
 *
 * It is for guests of ABI 1, and as that is (wasm_grpc.h): functions may be called by the one thread a guest has;
 * buffers belong to the guest, and are used until the function returns; results of 0 and more are successes, others are
 * enum wasm_grpc_kv_result; a pointer that is not inside the guest's memory traps the guest. Where the store is not in
 * memory all functions but begin, take and close suspend the guest until they are answered. */
#ifndef WASM_GRPC_KV_H
#define WASM_GRPC_KV_H

#include <stdint.h>

#if defined(__wasm__)
/* A function of the module wasm_grpc_kv_1, by its name. */
#define WASM_GRPC_KV_IMPORT(name) __attribute__((import_module("wasm_grpc_kv_1"), import_name(name)))
#else
#define WASM_GRPC_KV_IMPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What functions answer; others may be added, and are failures too. */
enum wasm_grpc_kv_result {
  WASM_GRPC_KV_OK = 0,
  WASM_GRPC_KV_AGAIN = -2,       /* of take(): there is no answer yet */
  WASM_GRPC_KV_ABSENT = -4,      /* there is no such key */
  WASM_GRPC_KV_CLOSED = -5,      /* the number is that of nothing that was begun */
  WASM_GRPC_KV_INVALID = -6,     /* a key has 1 to 1024 bytes, a time to live is more than 0, ... */
  WASM_GRPC_KV_CONFLICT = -8,    /* the version is another one */
  WASM_GRPC_KV_FULL = -9,        /* there is no room */
  WASM_GRPC_KV_TOO_LARGE = -10,  /* the value is larger than values may be; what was found is larger than its room */
  WASM_GRPC_KV_UNAVAILABLE = -11 /* the store does not answer: a change may be done or not */
};

/* For ttl_ns and if_version. */
#define WASM_GRPC_KV_FOR_GOOD INT64_C(-1)
#define WASM_GRPC_KV_ANY INT64_C(-1)

WASM_GRPC_KV_IMPORT("get")
int32_t wasm_grpc_kv_1_get(const void* key, uint32_t key_len, void* value, uint32_t cap, uint64_t* version);
WASM_GRPC_KV_IMPORT("set")
int64_t wasm_grpc_kv_1_set(const void* key, uint32_t key_len, const void* value, uint32_t value_len, int64_t ttl_ns,
                           int64_t if_version);
WASM_GRPC_KV_IMPORT("remove")
int32_t wasm_grpc_kv_1_remove(const void* key, uint32_t key_len, int64_t if_version);

/* What follows came later: a module that calls it does not load in a host that does not have it. */

WASM_GRPC_KV_IMPORT("list")
int32_t wasm_grpc_kv_1_list(const void* prefix, uint32_t prefix_len, const void* after, uint32_t after_len,
                            int32_t most, void* page, uint32_t cap);
WASM_GRPC_KV_IMPORT("get_many")
int32_t wasm_grpc_kv_1_get_many(const void* keys, uint32_t keys_len, void* pairs, uint32_t cap);
WASM_GRPC_KV_IMPORT("change_each")
int32_t wasm_grpc_kv_1_change_each(const void* changes, uint32_t changes_len, void* results, uint32_t cap);
WASM_GRPC_KV_IMPORT("change_all")
int32_t wasm_grpc_kv_1_change_all(const void* changes, uint32_t changes_len, void* results, uint32_t cap);

/* What swap() says of the pair that was there. */
struct wasm_grpc_kv_old {
  int32_t length; /* or WASM_GRPC_KV_ABSENT */
  uint32_t reserved;
  uint64_t version;
};
WASM_GRPC_KV_IMPORT("swap")
int64_t wasm_grpc_kv_1_swap(const void* key, uint32_t key_len, const void* value, uint32_t value_len, int64_t ttl_ns,
                            int64_t if_version, void* old, uint32_t cap, struct wasm_grpc_kv_old* about);

/* In event style, without waiting: what is begun has a number, and wasm_grpc_event(number, 9, action) is told when
 * there is something to take(). */
enum wasm_grpc_kv_event { WASM_GRPC_EVENT_STORE = 9 };
enum wasm_grpc_kv_action {
  WASM_GRPC_KV_GET = 0,
  WASM_GRPC_KV_SET = 1,
  WASM_GRPC_KV_REMOVE = 2,
  WASM_GRPC_KV_LIST = 3,
  WASM_GRPC_KV_GET_MANY = 4,
  WASM_GRPC_KV_CHANGE_EACH = 5,
  WASM_GRPC_KV_CHANGE_ALL = 6,
  WASM_GRPC_KV_SWAP = 7,
  WASM_GRPC_KV_WATCH = 8
};
WASM_GRPC_KV_IMPORT("begin")
int32_t wasm_grpc_kv_1_begin(int32_t action, const void* request, uint32_t request_len);
WASM_GRPC_KV_IMPORT("take")
int32_t wasm_grpc_kv_1_take(int32_t number, void* answer, uint32_t cap);
WASM_GRPC_KV_IMPORT("close")
int32_t wasm_grpc_kv_1_close(int32_t number);

#ifdef __cplusplus
}
#endif

#undef WASM_GRPC_KV_IMPORT

#endif
