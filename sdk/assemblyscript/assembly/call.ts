import * as abi from "./abi";
import { Detail, statusWith } from "./error_details";
import { Code, Info, Level, Limit } from "./status";
import { textOf, utf8 } from "./utf8";

/** A pair of the request's metadata. The value of a key that ends in `-bin` is raw bytes, else printable ASCII. */
export class Metadata {
  constructor(public key: string, public value: Uint8Array) {}
}

// What the host writes to first; larger than most of it. An instance serves one call at a time.
const scratch = new Uint8Array(4096);

/** A call in progress. It belongs to the handler it is given to, and is of no use after that has returned. */
export class Call {
  private code: i32 = Code.Ok;
  private text: Uint8Array = new Uint8Array(0);
  private details: Uint8Array = new Uint8Array(0);
  /** The call has ended for the client, as far as the handler was told: no message can be delivered. */
  private gone: bool = false;

  /** `id` is the host's number for it. */
  constructor(public readonly id: i32) {}

  // ---- Messages ----

  /**
   * The next message of the client, or null after the last one, and when the call has ended for the client (`cancelled`
   * tells). Waits until there is one.
   */
  receive(): Uint8Array | null {
    let length = this.takeNow();
    while (length == abi.AGAIN && abi.wait(this.id, abi.READABLE, -1) >= 0) length = this.takeNow();
    if (length < 0) {
      if (length != abi.END) this.gone = true;
      return null;
    }
    return this.taken;
  }

  /**
   * Sends a message, which is copied. Waits while the client is slow; false when it cannot be sent, as the call has
   * ended for the client: return then. Of methods that answer by one message the SDK sends what the handler returns.
   */
  send(message: Uint8Array): bool {
    let sent = abi.send(this.id, message.dataStart, message.length);
    while (sent == abi.AGAIN && abi.wait(this.id, abi.WRITABLE, -1) >= 0) {
      sent = abi.send(this.id, message.dataStart, message.length);
    }
    if (sent != 0) this.gone = true;
    return sent == 0;
  }

  /** Whether messages sent from now on are compressed; false where the client takes no compression. Call it first. */
  compress(on: bool): bool { return abi.compress(this.id, on as i32) == 1; }

  // ---- The end ----

  /**
   * The call ends with this status when the handler returns: `return call.fail(Code.NotFound, "no such book")`.
   * `details` are those of a google.rpc.Status, serialized: 16 KiB at most, with the trailers. What is said last holds.
   */
  fail(code: Code, text: string, details: Uint8Array | null = null): Uint8Array | null {
    return this.failBytes(code, utf8(text), details);
  }

  /**
   * The same with details for programs: messages of `error_details.ts`, or your own. Those that do not fit into the 16 KiB
   * of response metadata are left out, which the host's log says.
   */
  failWithDetails(code: Code, text: string, details: Detail[]): Uint8Array | null {
    return this.fail(code, text, statusWith(code, text, details));
  }

  /** The same with a text in UTF-8. */
  failBytes(code: i32, text: Uint8Array, details: Uint8Array | null = null): Uint8Array | null {
    this.code = code;
    this.text = text;
    if (details) this.details = details;
    return null;
  }

  /** Whether the call has ended for the client: cancelled, disconnected or past its deadline. */
  get cancelled(): bool {
    if (!this.gone && abi.wait(this.id, 0, 0) < 0) this.gone = true;
    return this.gone;
  }

  /** Nanoseconds until the deadline, 0 when it has passed; i64.MAX_VALUE without one. */
  get timeLeft(): i64 { return abi.deadline(this.id); }

  /** Waits; false when the call ended for the client meanwhile: return then. A negative time only ends so. */
  sleep(nanoseconds: i64): bool {
    if (abi.wait(this.id, 0, nanoseconds) < 0) this.gone = true;
    return !this.gone;
  }

  // ---- Metadata ----

  /** The first value of the request's metadata `key`, in lower case; null without one. */
  metadata(key: string): string | null {
    const value = this.metadataBytes(key);
    return value ? textOf(value) : null;
  }

  /** The `index`-th value (from 0) as bytes, as those of keys in `-bin` are. */
  metadataBytes(key: string, index: i32 = 0): Uint8Array | null {
    const name = utf8(key);
    const length = abi.metadata_get(this.id, name.dataStart, name.length, index, scratch.dataStart, scratch.length);
    if (length < 0) return null;
    const value = new Uint8Array(length);
    if (length <= scratch.length) memory.copy(value.dataStart, scratch.dataStart, length);
    else abi.metadata_get(this.id, name.dataStart, name.length, index, value.dataStart, length);
    return value;
  }

  /** All of it, in the order received. */
  allMetadata(): Metadata[] {
    const length = abi.metadata_list(this.id, 0, 0);
    const all: Metadata[] = [];
    if (length <= 0) return all;
    const bytes = new Uint8Array(length);
    abi.metadata_list(this.id, bytes.dataStart, length);
    for (let at = 0; at < length;) {
      const keyLength = load<i32>(bytes.dataStart + at);
      const valueLength = load<i32>(bytes.dataStart + at + 4);
      at += 8;
      const key = bytes.subarray(at, at + keyLength);
      at += keyLength;
      all.push(new Metadata(textOf(key), bytes.subarray(at, at + valueLength)));
      at += valueLength;
    }
    return all;
  }

  /** Adds a header to the response, before its first message. False, and a warning in the log, when it was refused. */
  addHeader(key: string, value: string): bool { return this.add(abi.HEADERS, key, utf8(value)); }
  /** Adds a trailer, likewise at any time. */
  addTrailer(key: string, value: string): bool { return this.add(abi.TRAILERS, key, utf8(value)); }
  /** The same with bytes, for keys that end in `-bin`. */
  addHeaderBytes(key: string, value: Uint8Array): bool { return this.add(abi.HEADERS, key, value); }
  addTrailerBytes(key: string, value: Uint8Array): bool { return this.add(abi.TRAILERS, key, value); }

  /** Sends the headers now, not with the first message; false when nobody takes them any more. */
  sendHeaders(): bool { return abi.headers_send(this.id) == 0; }

  // ---- What the host tells ----

  /** Null where there is none. */
  info(what: Info): string | null {
    const length = abi.info(this.id, what, scratch.dataStart, scratch.length);
    if (length < 0) return null;
    if (length <= scratch.length) return String.UTF8.decodeUnsafe(scratch.dataStart, length);
    const long = new Uint8Array(length);
    abi.info(this.id, what, long.dataStart, length);
    return textOf(long);
  }

  get path(): string { return this.told(Info.Path); }
  get authority(): string { return this.told(Info.Authority); }
  /** The client's address, `127.0.0.1:4711`. */
  get peer(): string { return this.told(Info.Peer); }

  /** A limit in force; u64.MAX_VALUE where there is none. */
  limit(what: Limit): u64 {
    return abi.info(this.id, what, scratch.dataStart, 8) == 8 ? load<u64>(scratch.dataStart) : u64.MAX_VALUE;
  }

  /** Writes a line to the host's log, with the call's method and its client. */
  log(level: Level, text: string): void {
    const bytes = utf8(text);
    if (abi.log_call(this.id, level, bytes.dataStart, bytes.length, 0, 0) < 0) {
      abi.log(level, bytes.dataStart, bytes.length);
    }
  }

  // ---- For the SDK ----

  /** What `takeNow` took. */
  taken: Uint8Array = scratch;

  /** Takes a message where there is one; its length, or what the host answered. */
  takeNow(): i32 {
    const length = abi.recv(this.id, scratch.dataStart, scratch.length);
    if (length < 0) return length;
    this.taken = new Uint8Array(length);
    if (length > scratch.length) abi.recv(this.id, this.taken.dataStart, length);
    else memory.copy(this.taken.dataStart, scratch.dataStart, length);
    return length;
  }

  /** Whether it has been given a status that is no success. */
  get failed(): bool { return this.code != Code.Ok; }

  /** Sends the one reply of a method that has one; without one, and without a status, it is the handler's mistake. */
  reply(message: Uint8Array | null): void {
    if (this.code != Code.Ok || this.gone) return;
    if (message) this.send(message);
    else this.fail(Code.Internal, "the handler gave neither a reply nor a status");
  }

  /** Gives the host the status, and returns it. */
  end(): i32 {
    if (this.code == Code.Ok) return this.gone ? Code.Cancelled : Code.Ok;
    if (this.details.length > 0) this.addTrailerBytes("grpc-status-details-bin", this.details);
    abi.finish(this.id, this.code, this.text.dataStart, this.text.length);
    return this.code;
  }

  private told(what: Info): string {
    const text = this.info(what);
    return text ? text : "";
  }

  private add(where: i32, key: string, value: Uint8Array): bool {
    const name = utf8(key);
    const added = abi.metadata_add(this.id, where, name.dataStart, name.length, value.dataStart, value.length);
    if (added == 0) return true;
    if (added != abi.CANCELLED) {
      const kind = where == abi.HEADERS ? "header" : "trailer";
      this.log(Level.Warn, `the ${kind} ${key} was refused: a bad name or value, too late, or more than 16 KiB`);
    }
    return false;
  }
}
