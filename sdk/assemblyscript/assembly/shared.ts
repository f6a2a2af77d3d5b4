// What the instances of a module share (docs/host-modules.md): counters, and a store of keys and values. The functions may
// be called at any time; they wait for nothing but a store on disk.
import { Changes, ChangesDone, ManyFound, Page, Swapped, getPairs, listPairs, swapPair } from "./shared_many";
import { utf8 } from "./utf8";

// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "counter")
declare function counter_(name: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "load")
declare function load_(counter: i32): i64;
// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "store")
declare function store_(counter: i32, value: i64): void;
// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "add")
declare function add_(counter: i32, by: i64): i64;
// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "exchange")
declare function exchange_(counter: i32, value: i64): i64;
// @ts-ignore: decorator
@external("wasm_grpc_atomics_1", "compare_exchange")
declare function compare_exchange_(counter: i32, expected: i64, desired: i64): i64;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "get")
declare function get_(key: usize, keyLength: i32, value: usize, capacity: i32, version: usize): i32;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "set")
declare function set_(
  key: usize, keyLength: i32, value: usize, valueLength: i32, ttl: i64, ifVersion: i64,
): i64;
// @ts-ignore: decorator
@external("wasm_grpc_kv_1", "remove")
declare function remove_(key: usize, keyLength: i32, ifVersion: i64): i32;

/**
 * How it went with a pair of the store, or with a counter. `Unavailable`: the store does not answer, as one on disk may; a
 * change may be done or not.
 */
export enum Outcome { Ok = 0, Absent = -4, Invalid = -6, Conflict = -8, Full = -9, TooLarge = -10, Unavailable = -11 }

/** A number by a name, which all instances add to. Sums wrap around. */
export class Counter {
  private number: i32;

  /** The counter of that name, of 1 to 256 bytes, which is 0 at first. `outcome` tells of a bad name, or one counter too many. */
  constructor(name: string) {
    const bytes = utf8(name);
    this.number = counter_(bytes.dataStart, bytes.length);
  }

  /** Other than `Ok` it is of no use: using it traps. */
  get outcome(): Outcome { return this.number < 0 ? this.number as Outcome : Outcome.Ok; }

  load(): i64 { return load_(this.number); }
  store(value: i64): void { store_(this.number, value); }
  /** The value after it. */
  add(by: i64): i64 { return add_(this.number, by); }
  /** The value before. */
  exchange(value: i64): i64 { return exchange_(this.number, value); }
  /** Stores `desired` where the value is `expected`; the value before, which is `expected` exactly when it was stored. */
  compareExchange(expected: i64, desired: i64): i64 { return compare_exchange_(this.number, expected, desired); }
}

/** What the store has of a key. */
export class Pair {
  constructor(public value: Uint8Array, public version: i64) {}
}

/** For the time to live and the version of a pair. */
export const FOR_EVER: i64 = -1;
export const ANY: i64 = -1;

/** What came of a look into the store. */
export class Found {
  constructor(public outcome: Outcome, public pair: Pair | null) {}
}

/** The store. Keys have 1 to 1024 bytes. */
export class Store {
  /** Null where there is no such key, or the store does not answer. */
  static get(key: string): Pair | null { return Store.find(key).pair; }

  /** For who must tell a key that is absent from a store that does not answer; the pair is there where it is `Ok`. */
  static find(key: string): Found {
    const name = utf8(key);
    const version = new StaticArray<i64>(1);
    let value = new Uint8Array(256);
    while (true) {
      const length = get_(name.dataStart, name.length, value.dataStart, value.length, changetype<usize>(version));
      if (length < 0) return new Found(length as Outcome, null);
      if (length <= value.length) return new Found(Outcome.Ok, new Pair(value.slice(0, length), version[0]));
      value = new Uint8Array(length); // and it may be another one by then
    }
  }

  /**
   * Gives a key this value. It is there for `ttl` nanoseconds, for ever where that is negative; and only where the pair has
   * this version, if one is given, of which 0 is where there is none.
   */
  static set(key: string, value: Uint8Array, ttl: i64 = FOR_EVER, ifVersion: i64 = ANY): Outcome {
    const name = utf8(key);
    const done = set_(name.dataStart, name.length, value.dataStart, value.length, ttl, ifVersion);
    return done < 0 ? done as Outcome : Outcome.Ok;
  }

  /** `Absent` where there is no such key. */
  static remove(key: string, ifVersion: i64 = ANY): Outcome {
    const name = utf8(key);
    return remove_(name.dataStart, name.length, ifVersion) as Outcome;
  }

  /**
   * The pairs whose keys begin with `prefix` and come after the key `after`, if one is given, in the order of their bytes: `most` of
   * them, 1 to 1000. A module that uses this, or what follows, does not load in a host that does not have it.
   */
  static list(prefix: string, after: Uint8Array | null = null, most: i32 = 100): Page { return listPairs(prefix, after, most); }

  /** The values of 1 to 100 keys, in their order, each as it was at some moment. `TooLarge`: ask for fewer at once. */
  static getMany(keys: string[]): ManyFound { return getPairs(keys); }

  /** Makes the changes in their order, each for itself. */
  static changeEach(changes: Changes): ChangesDone { return changes.make(false); }

  /** Makes the changes together, all or none, each of another key: none, and `Conflict`, where the version of one is another. */
  static changeAll(changes: Changes): ChangesDone { return changes.make(true); }

  /** `set`, and what was there before; with `Conflict`, what is there. */
  static swap(key: string, value: Uint8Array, ttl: i64 = FOR_EVER, ifVersion: i64 = ANY): Swapped {
    return swapPair(key, value, ttl, ifVersion);
  }
}
