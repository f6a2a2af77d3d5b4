// Several pairs of the store at once (docs/host-modules.md, wasm_grpc_kv_1). As the host has them, numbers are little-endian, and
// without gaps.
import { ANY, FOR_EVER, Outcome, Pair } from "./shared";
import { textOf, utf8 } from "./utf8";

// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "list")
declare function list_(
  prefix: usize, prefixLength: i32, after: usize, afterLength: i32, most: i32, page: usize, capacity: i32,
): i32;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "get_many")
declare function get_many_(keys: usize, keysLength: i32, pairs: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "change_each")
declare function change_each_(changes: usize, changesLength: i32, results: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "change_all")
declare function change_all_(changes: usize, changesLength: i32, results: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "swap")
declare function swap_(
  key: usize, keyLength: i32, value: usize, valueLength: i32, ttl: i64, ifVersion: i64, old: usize, capacity: i32, about: usize,
): i64;

/** What the host gives of values at most, and more. */
const MOST: i32 = 9 << 20;
/** How long an old value may be that a swap tells. */
const MOST_OLD: i32 = 65536;

/** A pair, without its value. */
export class Listed {
  /** `ttl` is how many nanoseconds it has; negative where it stays. */
  constructor(public key: string, public valueLength: i32, public version: i64, public ttl: i64) {}
}

/** Some of the pairs that were asked for. The next page comes after the key `next`; where that is null, this was the last, and has nothing. */
export class Page {
  pairs: Listed[] = [];
  next: Uint8Array | null = null;
  constructor(public outcome: Outcome) {}
}

export function listPairs(prefix: string, after: Uint8Array | null, most: i32): Page {
  const name = utf8(prefix);
  const room = new Uint8Array(min(max(most, 1), 496) * 128 + 2048);
  const afterStart = after ? after.dataStart : 0;
  const afterLength = after ? after.length : 0;
  const length = list_(name.dataStart, name.length, afterStart, afterLength, most, room.dataStart, room.length);
  if (length < 0) return new Page(length as Outcome);
  const page = new Page(Outcome.Ok);
  for (let at = 0; at < length;) {
    const from = room.dataStart + at;
    const end = at + 24 + load<i32>(from);
    const key = room.slice(at + 24, end);
    const version = load<i64>(from, 8);
    // Of version 0 it only says how far was looked.
    if (version != 0) page.pairs.push(new Listed(textOf(key), load<i32>(from, 4), version, load<i64>(from, 16)));
    page.next = key;
    at = end;
  }
  return page;
}

/** Null for those that are not there. */
export class ManyFound {
  pairs: (Pair | null)[] = [];
  constructor(public outcome: Outcome) {}
}

export function getPairs(keys: string[]): ManyFound {
  const request = new Bytes();
  for (let i = 0; i < keys.length; ++i) {
    const key = utf8(keys[i]);
    request.addNumber<i32>(key.length);
    request.addBytes(key);
  }
  let room = new Uint8Array(4096);
  let length = get_many_(request.start, request.length, room.dataStart, room.length);
  while (length == Outcome.TooLarge && room.length < MOST) {
    room = new Uint8Array(min(room.length * 16, MOST));
    length = get_many_(request.start, request.length, room.dataStart, room.length);
  }
  if (length < 0) return new ManyFound(length as Outcome);
  const found = new ManyFound(Outcome.Ok);
  for (let at = 0; at < length;) {
    const size = load<i32>(room.dataStart + at);
    const version = load<i64>(room.dataStart + at, 4);
    const begin = at + 12;
    at = begin + max(size, 0);
    found.pairs.push(size < 0 ? null : new Pair(room.slice(begin, at), version));
  }
  return found;
}

/** How changes went: of all of them, and of each: its outcome, and its version, 0 where it has none. */
export class ChangesDone {
  each: Outcome[] = [];
  versions: i64[] = [];
  constructor(public outcome: Outcome) {}
}

/** 1 to 100 changes, for `Store.changeEach` or `changeAll`, of 8 MiB together. */
export class Changes {
  private bytes: Bytes = new Bytes();
  private count: i32 = 0;

  /** Adds one that does as `Store.set`. */
  set(key: string, value: Uint8Array, ttl: i64 = FOR_EVER, ifVersion: i64 = ANY): Changes {
    return this.add(key, value.length, value, ttl, ifVersion);
  }
  /** Adds one that does as `Store.remove`. */
  remove(key: string, ifVersion: i64 = ANY): Changes {
    return this.add(key, -1, null, FOR_EVER, ifVersion);
  }

  private add(key: string, length: i32, value: Uint8Array | null, ttl: i64, ifVersion: i64): Changes {
    const name = utf8(key);
    this.bytes.addNumber<i32>(name.length);
    this.bytes.addNumber<i32>(length);
    this.bytes.addNumber<i64>(ttl);
    this.bytes.addNumber<i64>(ifVersion);
    this.bytes.addBytes(name);
    if (value) this.bytes.addBytes(value);
    ++this.count;
    return this;
  }

  make(all: bool): ChangesDone {
    const results = new StaticArray<i64>(this.count);
    const to = changetype<usize>(results);
    const done = all ? change_all_(this.bytes.start, this.bytes.length, to, this.count * 8)
      : change_each_(this.bytes.start, this.bytes.length, to, this.count * 8);
    const answer = new ChangesDone(done as Outcome);
    if (done != Outcome.Ok && done != Outcome.Conflict) return answer;
    for (let i = 0; i < this.count; ++i) {
      const result = results[i];
      answer.each.push(result < 0 ? result as Outcome : Outcome.Ok);
      answer.versions.push(max<i64>(result, 0));
    }
    return answer;
  }
}

/**
 * What a swap has done: `version` is that of what was set, and `old` what was there. An old value above 64 KiB is not told: `old` is
 * null then, but `oldVersion` is not 0.
 */
export class Swapped {
  old: Pair | null = null;
  oldVersion: i64 = 0;
  constructor(public outcome: Outcome, public version: i64) {}
}

export function swapPair(key: string, value: Uint8Array, ttl: i64, ifVersion: i64): Swapped {
  const name = utf8(key);
  const room = new Uint8Array(MOST_OLD);
  const about = new StaticArray<u8>(16);
  const from = changetype<usize>(about);
  const done = swap_(
    name.dataStart, name.length, value.dataStart, value.length, ttl, ifVersion, room.dataStart, room.length, from,
  );
  const swapped = new Swapped(done < 0 ? done as Outcome : Outcome.Ok, max<i64>(done, 0));
  if (done < 0 && swapped.outcome != Outcome.Conflict) return swapped;
  const length = load<i32>(from);
  if (length < 0) return swapped;
  swapped.oldVersion = load<i64>(from, 8);
  if (length <= MOST_OLD) swapped.old = new Pair(room.slice(0, length), swapped.oldVersion);
  return swapped;
}

/** Bytes that grow. */
class Bytes {
  private room: Uint8Array = new Uint8Array(256);
  length: i32 = 0;

  get start(): usize { return this.room.dataStart; }

  addNumber<T>(value: T): void {
    store<T>(this.grow(sizeof<T>() as i32), value);
  }
  addBytes(bytes: Uint8Array): void {
    memory.copy(this.grow(bytes.length), bytes.dataStart, bytes.length);
  }

  /** Where so many more go. */
  private grow(more: i32): usize {
    const length = this.length + more;
    if (length > this.room.length) {
      const larger = new Uint8Array(max(this.room.length * 2, length));
      memory.copy(larger.dataStart, this.room.dataStart, this.length);
      this.room = larger;
    }
    const at = this.room.dataStart + this.length;
    this.length = length;
    return at;
  }
}
