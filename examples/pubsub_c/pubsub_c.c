// pubsub.PubSub (../pubsub/pubsub.proto) in C and in event style: one instance in the process serves all calls, and
// what is to be done for a call is done in the event that brings it about.
//
// A topic keeps its last messages, and each subscriber is sent them as it reads: what one that is too slow has not been
// sent when it is dropped, it is told to have missed. So nobody waits for anybody, and no queue grows.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wasm_grpc.h"
#include "wasm_grpc_wire.h"

enum { publish = 0, subscribe = 1 };                            // tags of the methods
enum { ok = 0, invalid_argument = 3, resource_exhausted = 8 };  // status codes of gRPC
enum { max_name = 256, max_topics = 10000, max_kept = 1000, max_kept_bytes = 1 << 20, call_buckets = 1024 };

struct news {
  uint32_t size;
  uint8_t bytes[];  // a News
};

struct subscriber {
  int32_t call;
  uint64_t next;  // the message it is to be sent next
  struct topic* topic;
  struct subscriber* of_topic;   // the next of the topic
  struct subscriber* of_bucket;  // the next whose call falls into the same bucket
};

struct topic {
  struct topic* other;  // the next of all topics
  uint64_t first;       // that is kept
  uint64_t next;        // to be published
  uint32_t kept_bytes;
  uint32_t subscribers;
  struct subscriber* all;
  struct news* kept[max_kept];  // message n at n modulo max_kept
  uint32_t name_size;
  char name[max_name];
};

static struct topic* topics;
static uint32_t topic_count;
static struct subscriber* calls[call_buckets];

// ---- Topics ----

static struct topic* find_topic(struct wasm_grpc_bytes name) {
  for (struct topic* topic = topics; topic; topic = topic->other) {
    if (topic->name_size == name.size && memcmp(topic->name, name.at, name.size) == 0) return topic;
  }
  return NULL;
}

static void drop_first(struct topic* topic) {
  struct news** const first = &topic->kept[topic->first++ % max_kept];
  topic->kept_bytes -= (*first)->size;
  free(*first);
  *first = NULL;
}

static void free_topic(struct topic* topic) {
  struct topic** at = &topics;
  while (*at != topic) at = &(*at)->other;
  *at = topic->other;
  --topic_count;
  while (topic->first < topic->next) drop_first(topic);
  free(topic);
}

/// Sends a subscriber what it has room for. The rest follows when there is room again.
static void send_news(struct subscriber* to) {
  const struct topic* const topic = to->topic;
  while (to->next < topic->next) {
    if (to->next < topic->first) {
      uint8_t missed[WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT];
      const uint8_t* const end = wasm_grpc_write_uint64(missed, 4, topic->first - to->next);
      if (wasm_grpc_1_send(to->call, missed, (uint32_t)(end - missed)) != WASM_GRPC_OK) return;
      to->next = topic->first;
    } else {
      const struct news* const news = topic->kept[to->next % max_kept];
      if (wasm_grpc_1_send(to->call, news->bytes, news->size) != WASM_GRPC_OK) return;
      ++to->next;
    }
  }
}

// ---- Calls ----

static void finish(int32_t call, int32_t code, const char* text) {
  wasm_grpc_1_finish(call, code, text, (uint32_t)strlen(text));
}

/// The request of a call, to be freed; NULL when the call has got its status.
static uint8_t* take_request(int32_t call, uint32_t* size) {
  const int32_t length = wasm_grpc_1_recv(call, NULL, 0);  // how long it is: one of no bytes is taken by that
  if (length < 0) return NULL;                             // the call has ended; CANCELLED follows
  uint8_t* const request = malloc((size_t)length + 1);
  if (!request) {
    finish(call, resource_exhausted, "the guest is out of memory");
    return NULL;
  }
  if (length > 0) wasm_grpc_1_recv(call, request, (uint32_t)length);
  *size = (uint32_t)length;
  return request;
}

/// Reads a Message, or a Subscription, which has its first field; 0 when the call has got its status.
static int read_request(int32_t call, struct wasm_grpc_bytes in, struct wasm_grpc_bytes* name,
                        struct wasm_grpc_bytes* payload) {
  struct wasm_grpc_field field = {0};
  int found = 0;
  *name = *payload = (struct wasm_grpc_bytes){0};
  while ((found = wasm_grpc_next_field(&in, &field)) > 0) {
    if (field.wire != WASM_GRPC_BYTES) continue;
    if (field.number == 1) *name = field.bytes;
    if (field.number == 2) *payload = field.bytes;
  }
  if (found < 0) {
    finish(call, invalid_argument, "the request is not the message of this method");
  } else if (name->size == 0 || name->size > max_name) {
    finish(call, invalid_argument, "a topic's name has 1 to 256 bytes");
  } else {
    return 1;
  }
  return 0;
}

static void on_publish(int32_t call, struct wasm_grpc_bytes name, struct wasm_grpc_bytes payload) {
  uint8_t reply[2 * (WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT)];
  uint8_t* end = reply;
  struct topic* const topic = find_topic(name);
  if (topic) {
    struct news* const news =
        malloc(sizeof(struct news) + 2 * (WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT) + payload.size);
    if (!news) {
      finish(call, resource_exhausted, "the guest is out of memory");
      return;
    }
    uint8_t* const news_end =
        wasm_grpc_write_bytes(wasm_grpc_write_uint64(news->bytes, 1, topic->next), 3, payload.at, payload.size);
    news->size = (uint32_t)(news_end - news->bytes);
    if (topic->next - topic->first == max_kept) drop_first(topic);
    topic->kept[topic->next++ % max_kept] = news;
    topic->kept_bytes += news->size;
    while (topic->kept_bytes > max_kept_bytes && topic->next - topic->first > 1) drop_first(topic);
    for (struct subscriber* to = topic->all; to; to = to->of_topic) send_news(to);
    end = wasm_grpc_write_uint64(end, 1, topic->next - 1);
    end = wasm_grpc_write_uint64(end, 2, topic->subscribers);
  }
  wasm_grpc_1_send(call, reply, (uint32_t)(end - reply));
  finish(call, ok, "");
}

static void on_subscribe(int32_t call, struct wasm_grpc_bytes name) {
  struct topic* topic = find_topic(name);
  struct subscriber* const subscriber = calloc(1, sizeof(struct subscriber));
  if (!topic && topic_count < max_topics && subscriber && (topic = calloc(1, sizeof(struct topic)))) {
    topic->first = topic->next = 1;
    topic->name_size = name.size;
    memcpy(topic->name, name.at, name.size);
    topic->other = topics;
    topics = topic;
    ++topic_count;
  }
  if (!topic || !subscriber) {
    free(subscriber);
    finish(call, resource_exhausted, "there are 10000 topics already, or no memory");
    return;
  }
  *subscriber = (struct subscriber){.call = call, .next = topic->next, .topic = topic, .of_topic = topic->all};
  topic->all = subscriber;
  ++topic->subscribers;
  subscriber->of_bucket = calls[call % call_buckets];
  calls[call % call_buckets] = subscriber;

  uint8_t subscribed[WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT];
  const uint8_t* const inner = wasm_grpc_write_uint64(subscribed, 1, topic->next);
  uint8_t news[sizeof(subscribed) + WASM_GRPC_MAX_KEY + WASM_GRPC_MAX_VARINT];
  const uint8_t* const end = wasm_grpc_write_bytes(news, 2, subscribed, (uint32_t)(inner - subscribed));
  wasm_grpc_1_send(call, news, (uint32_t)(end - news));  // a new stream has room for it
}

static void on_open(int32_t call, int32_t tag) {
  uint32_t size = 0;
  uint8_t* const request = take_request(call, &size);
  if (!request) return;
  struct wasm_grpc_bytes name;
  struct wasm_grpc_bytes payload;
  if (read_request(call, (struct wasm_grpc_bytes){request, size}, &name, &payload)) {
    if (tag == publish) on_publish(call, name, payload);
    if (tag == subscribe) on_subscribe(call, name);
  }
  free(request);
}

static void on_cancelled(struct subscriber** in_bucket) {
  struct subscriber* const gone = *in_bucket;
  *in_bucket = gone->of_bucket;
  struct subscriber** at = &gone->topic->all;
  while (*at != gone) at = &(*at)->of_topic;
  *at = gone->of_topic;
  if (--gone->topic->subscribers == 0) free_topic(gone->topic);
  free(gone);
}

// ---- What the host calls ----

static void declare(const char* path, int32_t kind, int32_t tag) {
  wasm_grpc_1_method(path, (uint32_t)strlen(path), kind, WASM_GRPC_EVENTS, tag);
}

WASM_GRPC_EXPORT("wasm_grpc_start") void start(void) {
  declare("/pubsub.PubSub/Publish", WASM_GRPC_UNARY, publish);
  declare("/pubsub.PubSub/Subscribe", WASM_GRPC_SERVER_STREAM, subscribe);
  wasm_grpc_1_placement(WASM_GRPC_INSTANCE_OF_PROCESS, "", 0);
}

WASM_GRPC_EXPORT("wasm_grpc_event") void on_event(int32_t call, int32_t event, int32_t value) {
  if (event == WASM_GRPC_EVENT_OPEN) {
    on_open(call, value);
    return;
  }
  struct subscriber** at = &calls[call % call_buckets];
  while (*at && (*at)->call != call) at = &(*at)->of_bucket;
  if (!*at) return;
  if (event == WASM_GRPC_EVENT_WRITABLE) send_news(*at);
  if (event == WASM_GRPC_EVENT_CANCELLED) on_cancelled(at);
}
