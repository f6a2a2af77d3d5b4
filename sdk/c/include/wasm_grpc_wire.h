/* Protobuf messages by hand, in C99: a reader that goes from field to field, and what writes them.
 * The encoding: https://protobuf.dev/programming-guides/encoding. Nothing is allocated. */
#ifndef WASM_GRPC_WIRE_H
#define WASM_GRPC_WIRE_H

#include <stdint.h>
#include <string.h>

/* Bytes of someone else's. */
struct wasm_grpc_bytes {
  const uint8_t* at;
  uint32_t size;
};

/* How the value of a field is on the wire. */
enum wasm_grpc_wire { WASM_GRPC_VARINT = 0, WASM_GRPC_FIXED64 = 1, WASM_GRPC_BYTES = 2, WASM_GRPC_FIXED32 = 5 };

struct wasm_grpc_field {
  uint32_t number;
  uint32_t wire;                /* of wasm_grpc_wire */
  uint64_t value;               /* of a varint, and of what is fixed */
  struct wasm_grpc_bytes bytes; /* of texts, bytes and messages: a part of those read from */
};

/* Reads a varint; 0 when it does not end within the bytes or in 10 of them. */
static inline int wasm_grpc_read_varint(struct wasm_grpc_bytes* in, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 70 && in->size > 0; shift += 7) {
    const uint8_t byte = *in->at++;
    --in->size;
    if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return 1;
  }
  return 0;
}

/* Takes so many bytes; 0 when there are fewer. */
static inline int wasm_grpc_take(struct wasm_grpc_bytes* in, uint64_t size, struct wasm_grpc_bytes* taken) {
  if (size > in->size) return 0;
  taken->at = in->at;
  taken->size = (uint32_t)size;
  in->at += taken->size;
  in->size -= taken->size;
  return 1;
}

/* Reads the next field: 1; 0 after the last one; -1 when the bytes are no message. */
static inline int wasm_grpc_next_field(struct wasm_grpc_bytes* in, struct wasm_grpc_field* field) {
  uint64_t tag = 0;
  struct wasm_grpc_bytes fixed;
  if (in->size == 0) return 0;
  if (!wasm_grpc_read_varint(in, &tag) || tag > UINT32_MAX || tag >> 3 == 0) return -1;
  field->number = (uint32_t)(tag >> 3);
  field->wire = (uint32_t)(tag & 7);
  field->value = 0;
  switch (field->wire) {
    case WASM_GRPC_VARINT:
      return wasm_grpc_read_varint(in, &field->value) ? 1 : -1;
    case WASM_GRPC_BYTES:
      return wasm_grpc_read_varint(in, &field->value) && wasm_grpc_take(in, field->value, &field->bytes) ? 1 : -1;
    case WASM_GRPC_FIXED64:
    case WASM_GRPC_FIXED32:
      if (!wasm_grpc_take(in, field->wire == WASM_GRPC_FIXED64 ? 8 : 4, &fixed)) return -1;
      for (uint32_t i = 0; i < fixed.size; ++i) field->value |= (uint64_t)fixed.at[i] << 8 * i;
      return 1;
    default:
      return -1; /* groups, which no .proto of today has */
  }
}

/* The most that a varint takes; a field takes 5 more before it, and one of bytes both besides its bytes. */
enum { WASM_GRPC_MAX_VARINT = 10, WASM_GRPC_MAX_KEY = 5 };

/* Writes a varint, and returns where the next byte goes. */
static inline uint8_t* wasm_grpc_write_varint(uint8_t* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = (uint8_t)(value | 0x80);
  *to++ = (uint8_t)value;
  return to;
}

/* Writes a field of a number. */
static inline uint8_t* wasm_grpc_write_uint64(uint8_t* to, uint32_t field, uint64_t value) {
  return wasm_grpc_write_varint(wasm_grpc_write_varint(to, (uint64_t)field << 3 | WASM_GRPC_VARINT), value);
}

/* Writes a field of bytes, a text or a message. */
static inline uint8_t* wasm_grpc_write_bytes(uint8_t* to, uint32_t field, const void* bytes, uint32_t size) {
  to = wasm_grpc_write_varint(wasm_grpc_write_varint(to, (uint64_t)field << 3 | WASM_GRPC_BYTES), size);
  if (size > 0) memcpy(to, bytes, size);
  return to + size;
}

#endif
