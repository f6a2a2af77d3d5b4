//! What the instances of a module share: counters, and a store of keys and values (docs/host-modules.md). The functions may
//! be called at any time; they wait for nothing but a store on disk.

const std = @import("std");

pub const absent = -4;
pub const conflict = -8;
pub const full = -9;
pub const too_large = -10;
pub const unavailable = -11;
pub const forever = -1;
pub const any_version = -1;

/// Why the store has refused a change.
pub fn failure(answer: i64) kv.SetError {
    return switch (answer) {
        conflict => error.Conflict,
        full => error.Full,
        too_large => error.TooLarge,
        unavailable => error.Unavailable,
        else => error.Invalid,
    };
}

const atomics = struct {
    extern "wasm_grpc_atomics_1" fn counter(name: [*]const u8, name_len: u32) i32;
    extern "wasm_grpc_atomics_1" fn load(counter: i32) i64;
    extern "wasm_grpc_atomics_1" fn store(counter: i32, value: i64) void;
    extern "wasm_grpc_atomics_1" fn add(counter: i32, by: i64) i64;
    extern "wasm_grpc_atomics_1" fn exchange(counter: i32, value: i64) i64;
    extern "wasm_grpc_atomics_1" fn compare_exchange(counter: i32, expected: i64, desired: i64) i64;
};

const store = struct {
    extern "wasm_grpc_kv_1" fn get(key: [*]const u8, key_len: u32, value: [*]u8, cap: u32, version: *i64) i32;
    extern "wasm_grpc_kv_1" fn set(key: [*]const u8, key_len: u32, value: [*]const u8, value_len: u32, ttl_ns: i64, if_version: i64) i64;
    extern "wasm_grpc_kv_1" fn remove(key: [*]const u8, key_len: u32, if_version: i64) i32;
};

/// A number by a name, which all instances add to. Sums wrap around.
pub const Counter = struct {
    number: i32,

    /// The counter of that name, of 1 to 256 bytes, which is 0 at first. `error.Full` when the module has as many as it may.
    /// `error.Unavailable`: the store does not answer, as one on disk may; with a counter of such a store the guest traps then.
    pub fn named(name: []const u8) error{ Invalid, Full, Unavailable }!Counter {
        if (name.len == 0) return error.Invalid;
        const number = atomics.counter(name.ptr, name.len);
        if (number == unavailable) return error.Unavailable;
        if (number < 0) return if (number == full) error.Full else error.Invalid;
        return .{ .number = number };
    }

    pub fn load(self: Counter) i64 {
        return atomics.load(self.number);
    }

    pub fn store(self: Counter, value: i64) void {
        atomics.store(self.number, value);
    }

    /// The value after it.
    pub fn add(self: Counter, by: i64) i64 {
        return atomics.add(self.number, by);
    }

    /// The value before.
    pub fn exchange(self: Counter, value: i64) i64 {
        return atomics.exchange(self.number, value);
    }

    /// Stores `desired` where the value is `expected`; the value before, which is `expected` exactly when it was stored.
    pub fn compareExchange(self: Counter, expected: i64, desired: i64) i64 {
        return atomics.compare_exchange(self.number, expected, desired);
    }
};

pub const kv = struct {
    const many = @import("kv_many.zig");
    pub const Listed = many.Listed;
    pub const Page = many.Page;
    pub const list = many.list;
    pub const getMany = many.getMany;
    pub const Change = many.Change;
    pub const Changed = many.Changed;
    pub const changeEach = many.changeEach;
    pub const changeAll = many.changeAll;
    pub const Old = many.Old;
    pub const Swapped = many.Swapped;
    pub const swap = many.swap;

    pub const Pair = struct { value: []u8, version: i64 };

    /// The value of a key, of 1 to 1024 bytes, in memory of `allocator`; null where there is none.
    pub fn get(allocator: std.mem.Allocator, key: []const u8) error{ Invalid, Unavailable, OutOfMemory }!?Pair {
        if (key.len == 0) return error.Invalid;
        var value: []u8 = try allocator.alloc(u8, 256);
        errdefer allocator.free(value);
        var version: i64 = 0;
        while (true) {
            const length = store.get(key.ptr, key.len, value.ptr, value.len, &version);
            if (length == absent) {
                allocator.free(value);
                return null;
            }
            if (length == unavailable) return error.Unavailable;
            if (length < 0) return error.Invalid;
            const size: usize = @intCast(length);
            if (size <= value.len) return .{ .value = try allocator.realloc(value, size), .version = version };
            value = try allocator.realloc(value, size); // and it may be another one by then
        }
    }

    pub const SetOptions = struct {
        /// The pair is gone after so many nanoseconds; for ever it is there without.
        ttl_ns: ?i64 = null,
        /// Only where the pair has this version; 0 is where there is none.
        if_version: ?i64 = null,
    };

    /// Unavailable: the store does not answer; the change may be done or not.
    pub const SetError = error{ Invalid, Conflict, Full, TooLarge, Unavailable };

    /// Gives a key this value; its version.
    pub fn set(key: []const u8, value: []const u8, options: SetOptions) SetError!i64 {
        if (key.len == 0) return error.Invalid;
        if (options.ttl_ns) |ttl| if (ttl <= 0) return error.Invalid;
        if (options.if_version) |version| if (version < 0) return error.Invalid;
        const from = if (value.len == 0) key.ptr else value.ptr; // an empty slice may be outside of memory
        const version = store.set(key.ptr, key.len, from, value.len, options.ttl_ns orelse forever, options.if_version orelse any_version);
        return if (version < 0) failure(version) else version;
    }

    /// Whether the key was there; with a version, only one of that is removed.
    pub fn remove(key: []const u8, if_version: ?i64) error{ Invalid, Conflict, Unavailable }!bool {
        if (key.len == 0) return error.Invalid;
        return switch (store.remove(key.ptr, key.len, if_version orelse any_version)) {
            0 => true,
            absent => false,
            conflict => error.Conflict,
            unavailable => error.Unavailable,
            else => error.Invalid,
        };
    }
};
