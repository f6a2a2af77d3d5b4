import { isUtf8 } from "./utf8";

/** How the value of a field is on the wire: https://protobuf.dev/programming-guides/encoding. */
export enum Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 }

/** What `ProtoReader.tag` is for a field of this number and wire type, for a `switch`. */
// @ts-ignore: decorator
@inline
export function tag(field: u32, wire: Wire): u32 {
  return field << 3 | (wire as u32);
}

/**
 * Reads the fields of a protobuf message one by one. Values that are not read, and fields that nobody knows, are passed
 * over. After bytes that are no message `next()` is false, `ok` too, and values are 0 or empty.
 *
 *   while (reader.next()) {
 *     if (reader.tag == tag(1, Wire.Bytes)) name = reader.string();
 *   }
 *   if (!reader.ok) ...
 */
export class ProtoReader {
  /** Number and wire type of the field that `next()` found. */
  tag: u32 = 0;
  /** False once the bytes turned out to be no message. */
  ok: bool = true;
  private at: usize;
  private end: usize;
  private unread: bool = false;

  /** Reads from the bytes, which must not change meanwhile. */
  constructor(private bytes_: Uint8Array) {
    this.at = bytes_.dataStart;
    this.end = bytes_.dataStart + bytes_.length;
  }

  /** Goes to the next field; false after the last one, and when the bytes are no message. */
  next(): bool {
    if (this.unread) this.skip();
    if (this.at >= this.end || !this.ok) return false;
    const read = this.varint();
    this.tag = read as u32;
    if (read > u32.MAX_VALUE || read >> 3 == 0) return this.fail();
    this.unread = true;
    return true;
  }

  uint64(): u64 { this.unread = false; return this.varint(); }
  int64(): i64 { return this.uint64() as i64; }
  /** As protobuf does, of a longer number its low half. */
  uint32(): u32 { return this.uint64() as u32; }
  int32(): i32 { return this.uint64() as i32; }
  bool(): bool { return this.uint64() != 0; }
  sint64(): i64 { const n = this.uint64(); return (n >> 1 ^ -(n & 1)) as i64; }
  sint32(): i32 { const n = this.uint32(); return (n >> 1 ^ -(n & 1)) as i32; }

  fixed64(): u64 {
    const at = this.take(8);
    return at ? load<u64>(at) : 0;
  }
  fixed32(): u32 {
    const at = this.take(4);
    return at ? load<u32>(at) : 0;
  }
  double(): f64 { return reinterpret<f64>(this.fixed64()); }
  float(): f32 { return reinterpret<f32>(this.fixed32()); }

  /** A copy of the field's bytes; what a message in a field is read from too. */
  bytes(): Uint8Array {
    this.unread = false;
    const length = this.varint();
    if (!this.ok || length > this.end - this.at) {
      this.fail();
      return new Uint8Array(0);
    }
    const bytes = new Uint8Array(length as i32);
    memory.copy(bytes.dataStart, this.at, length as usize);
    this.at += length as usize;
    return bytes;
  }

  /** A text; one that is not UTF-8 is no message, as in proto3. */
  string(): string {
    this.unread = false;
    const length = this.varint();
    if (!this.ok || length > this.end - this.at || !isUtf8(this.at, length as i32)) {
      this.fail();
      return "";
    }
    const text = String.UTF8.decodeUnsafe(this.at, length as usize);
    this.at += length as usize;
    return text;
  }

  /** Passes over the field. */
  skip(): void {
    this.unread = false;
    switch (this.tag & 7) {
      case Wire.Varint: this.varint(); break;
      case Wire.Fixed64: this.take(8); break;
      case Wire.Fixed32: this.take(4); break;
      case Wire.Bytes: {
        const length = this.varint();
        if (length > this.end - this.at) this.fail();
        else this.at += length as usize;
        break;
      }
      default: this.fail(); // groups, which are of no .proto that is written today
    }
  }

  private varint(): u64 {
    let value: u64 = 0;
    for (let shift: u64 = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) break;
      const byte: u64 = load<u8>(this.at++);
      if (shift < 64) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.fail();
    return 0;
  }

  private take(length: usize): usize {
    this.unread = false;
    if (this.end - this.at < length) {
      this.fail();
      return 0;
    }
    const at = this.at;
    this.at += length;
    return at;
  }

  private fail(): bool {
    this.ok = false;
    this.at = this.end;
    return false;
  }
}

/**
 * Writes a protobuf message. Fields with the value that proto3 leaves out (0, false, empty) are left out, but for those
 * written by `always`:
 *
 *   return new ProtoWriter().string(1, "Hello").uint32(2, 7).finish();
 */
export class ProtoWriter {
  private buffer: Uint8Array = new Uint8Array(64);
  private size: i32 = 0;
  private explicit: bool = false;

  /** The next field is written whatever its value: one of a list, of a oneof, or `optional`. */
  always(): ProtoWriter { this.explicit = true; return this; }

  uint64(field: u32, value: u64): ProtoWriter {
    if (this.wants(value != 0)) { this.key(field, Wire.Varint); this.varint(value); }
    return this;
  }
  int64(field: u32, value: i64): ProtoWriter { return this.uint64(field, value as u64); }
  uint32(field: u32, value: u32): ProtoWriter { return this.uint64(field, value); }
  /** Enums too. A negative one takes ten bytes, as everywhere. */
  int32(field: u32, value: i32): ProtoWriter { return this.uint64(field, (value as i64) as u64); }
  bool(field: u32, value: bool): ProtoWriter { return this.uint64(field, value as u64); }
  sint64(field: u32, value: i64): ProtoWriter { return this.uint64(field, (value << 1 ^ value >> 63) as u64); }
  sint32(field: u32, value: i32): ProtoWriter { return this.uint64(field, (value << 1 ^ value >> 31) as u32); }

  fixed64(field: u32, value: u64): ProtoWriter {
    if (this.wants(value != 0)) { this.key(field, Wire.Fixed64); store<u64>(this.room(8), value); }
    return this;
  }
  fixed32(field: u32, value: u32): ProtoWriter {
    if (this.wants(value != 0)) { this.key(field, Wire.Fixed32); store<u32>(this.room(4), value); }
    return this;
  }
  double(field: u32, value: f64): ProtoWriter { return this.fixed64(field, reinterpret<u64>(value)); }
  float(field: u32, value: f32): ProtoWriter { return this.fixed32(field, reinterpret<u32>(value)); }

  string(field: u32, value: string): ProtoWriter {
    const length = String.UTF8.byteLength(value);
    if (this.wants(length != 0)) {
      this.key(field, Wire.Bytes);
      this.varint(length);
      String.UTF8.encodeUnsafe(changetype<usize>(value), value.length, this.room(length));
    }
    return this;
  }
  bytes(field: u32, value: Uint8Array): ProtoWriter { return this.copy(field, value.dataStart, value.length); }

  /** A message in a field, also an empty one. */
  message(field: u32, value: ProtoWriter): ProtoWriter {
    return this.always().copy(field, value.buffer.dataStart, value.size);
  }

  /** The message; it shares the writer's memory until more is written. */
  finish(): Uint8Array { return this.buffer.subarray(0, this.size); }

  /** Forgets what was written, for the next message. */
  clear(): ProtoWriter { this.size = 0; return this; }

  private copy(field: u32, from: usize, length: i32): ProtoWriter {
    if (this.wants(length != 0)) {
      this.key(field, Wire.Bytes);
      this.varint(length);
      memory.copy(this.room(length), from, length);
    }
    return this;
  }

  private wants(isSet: bool): bool {
    const wanted = isSet || this.explicit;
    this.explicit = false;
    return wanted;
  }

  private key(field: u32, wire: Wire): void { this.varint(tag(field, wire)); }

  private varint(value: u64): void {
    let length = 1;
    for (let rest = value >> 7; rest != 0; rest >>= 7) ++length;
    const at = this.room(length);
    for (let i = 0; i < length; ++i, value >>= 7) {
      store<u8>(at + i, ((value & 0x7f) | (i + 1 < length ? 0x80 : 0)) as u8);
    }
  }

  /** Where the next bytes go; they count as written. */
  private room(length: i32): usize {
    const wanted = this.size + length;
    if (wanted > this.buffer.length) {
      const larger = new Uint8Array(max(wanted, this.buffer.length * 2));
      memory.copy(larger.dataStart, this.buffer.dataStart, this.size);
      this.buffer = larger;
    }
    const at = this.buffer.dataStart + this.size;
    this.size = wanted;
    return at;
  }
}
