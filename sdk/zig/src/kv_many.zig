//! Several pairs of the store at once (docs/host-modules.md, wasm_grpc_kv_1). A module that uses any of this does not load in a host
//! that does not have it.

const std = @import("std");
const shared = @import("shared.zig");
const kv = shared.kv;
const failure = shared.failure;

const Allocator = std.mem.Allocator;
const absent = shared.absent;
const conflict = shared.conflict;
const too_large = shared.too_large;
const forever = shared.forever;
const any_version = shared.any_version;

const store = struct {
    extern "wasm_grpc_kv_1" fn list(prefix: [*]const u8, prefix_len: u32, after: [*]const u8, after_len: u32, most: i32, page: [*]u8, cap: u32) i32;
    extern "wasm_grpc_kv_1" fn get_many(keys: [*]const u8, keys_len: u32, pairs: [*]u8, cap: u32) i32;
    extern "wasm_grpc_kv_1" fn change_each(changes: [*]const u8, changes_len: u32, results: [*]u8, cap: u32) i32;
    extern "wasm_grpc_kv_1" fn change_all(changes: [*]const u8, changes_len: u32, results: [*]u8, cap: u32) i32;
    extern "wasm_grpc_kv_1" fn swap(key: [*]const u8, key_len: u32, value: [*]const u8, value_len: u32, ttl_ns: i64, if_version: i64, old: [*]u8, cap: u32, about: *About) i64;
};

const About = extern struct { length: i32, reserved: u32, version: i64 };

/// A pair, without its value.
pub const Listed = struct {
    key: []const u8,
    value_bytes: u32,
    version: i64,
    /// How long it has; null where it stays.
    ttl_ns: ?i64,
};

pub const Page = struct {
    pairs: []const Listed,
    /// After which key the next page comes; null: this was the last, and has nothing.
    next: ?[]const u8,
};

pub const Error = kv.SetError || Allocator.Error;

/// An empty slice may be outside of memory.
fn pointer(bytes: []const u8) [*]const u8 {
    return if (bytes.len == 0) @ptrCast(&failure) else bytes.ptr;
}

/// The pairs whose keys begin with `prefix` and come after the key `after`, which may be empty, in the order of their bytes: `most` of
/// them, 1 to 1000. In memory of `allocator`, an arena's: what it gives is in several pieces, as with all of these.
pub fn list(allocator: Allocator, prefix: []const u8, after: []const u8, most: u16) Error!Page {
    const room = try allocator.alloc(u8, @min(65536, @as(u32, most) * 128 + 2048));
    const length = store.list(pointer(prefix), prefix.len, pointer(after), after.len, most, room.ptr, room.len);
    if (length < 0) return failure(length);
    var pairs: std.ArrayList(Listed) = .empty;
    var page = Page{ .pairs = &.{}, .next = null };
    var rest: []const u8 = room[0..@intCast(length)];
    while (rest.len >= 24) {
        const key_len = number(u32, rest[0..4]);
        const key = rest[24..][0..key_len];
        const left = number(i64, rest[16..24]);
        const pair = Listed{ .key = key, .value_bytes = number(u32, rest[4..8]), .version = number(i64, rest[8..16]), .ttl_ns = if (left < 0) null else left };
        page.next = key;
        if (pair.version != 0) try pairs.append(allocator, pair); // else it only says how far was looked
        rest = rest[24 + key_len ..];
    }
    page.pairs = pairs.items;
    return page;
}

fn number(comptime Number: type, bytes: *const [@sizeOf(Number)]u8) Number {
    return std.mem.readInt(Number, bytes, .little);
}

/// The values of 1 to 100 keys, in their order, each as it was at some moment; null where there is none. `error.TooLarge`: ask for
/// fewer at once.
pub fn getMany(allocator: Allocator, keys: []const []const u8) Error![]?kv.Pair {
    var request: std.ArrayList(u8) = .empty;
    for (keys) |key| {
        try appendNumber(allocator, &request, u32, @intCast(key.len));
        try request.appendSlice(allocator, key);
    }
    const most = 9 << 20; // what the host gives at most, and more
    var answer = try allocator.alloc(u8, 4096);
    var length = store.get_many(pointer(request.items), request.items.len, answer.ptr, answer.len);
    while (length == too_large and answer.len < most) {
        answer = try allocator.realloc(answer, @min(answer.len * 16, most));
        length = store.get_many(pointer(request.items), request.items.len, answer.ptr, answer.len);
    }
    if (length < 0) return failure(length);
    const pairs = try allocator.alloc(?kv.Pair, keys.len);
    var rest = answer[0..@intCast(length)];
    for (pairs) |*pair| {
        const size = number(i32, rest[0..4]);
        const version = number(i64, rest[4..12]);
        const value_len: u32 = @intCast(@max(size, 0));
        pair.* = if (size < 0) null else .{ .value = rest[12..][0..value_len], .version = version };
        rest = rest[12 + value_len ..];
    }
    return pairs;
}

/// One of 1 to 100 changes, of 8 MiB together.
pub const Change = struct {
    key: []const u8,
    /// Null removes the pair.
    value: ?[]const u8,
    options: kv.SetOptions = .{},
};

/// How one of several changes went: its new version, 0 of one that removes.
pub const Changed = (kv.SetError || error{Absent})!i64;

/// Makes the changes in their order, each for itself.
pub fn changeEach(allocator: Allocator, changes: []const Change) Error![]Changed {
    return change(allocator, changes, store.change_each);
}

/// Makes the changes together, all or none, each of another key. `error.Conflict`: the version of one is another, and none was made.
pub fn changeAll(allocator: Allocator, changes: []const Change) Error![]Changed {
    return change(allocator, changes, store.change_all);
}

fn change(allocator: Allocator, changes: []const Change, function: anytype) Error![]Changed {
    var request: std.ArrayList(u8) = .empty;
    for (changes) |one| {
        if (one.options.ttl_ns) |ttl| if (ttl <= 0) return error.Invalid;
        if (one.options.if_version) |version| if (version < 0) return error.Invalid;
        try appendNumber(allocator, &request, u32, @intCast(one.key.len));
        try appendNumber(allocator, &request, u32, if (one.value) |value| @intCast(value.len) else std.math.maxInt(u32));
        try appendNumber(allocator, &request, i64, one.options.ttl_ns orelse forever);
        try appendNumber(allocator, &request, i64, one.options.if_version orelse any_version);
        try request.appendSlice(allocator, one.key);
        try request.appendSlice(allocator, one.value orelse "");
    }
    const results = try allocator.alloc(u8, 8 * @max(changes.len, 1));
    const done = function(pointer(request.items), request.items.len, results.ptr, results.len);
    if (done < 0) return failure(done);
    const each = try allocator.alloc(Changed, changes.len);
    for (each, 0..) |*one, at| {
        const result = number(i64, results[at * 8 ..][0..8]);
        one.* = if (result == absent) error.Absent else if (result < 0) failure(result) else result;
    }
    return each;
}

fn appendNumber(allocator: Allocator, to: *std.ArrayList(u8), comptime Number: type, value: Number) Allocator.Error!void {
    var bytes: [@sizeOf(Number)]u8 = undefined;
    std.mem.writeInt(Number, &bytes, value, .little);
    try to.appendSlice(allocator, &bytes);
}

/// What a swap has found.
pub const Old = struct {
    version: i64,
    /// Null where it has more than 64 KiB.
    value: ?[]const u8,
};

pub const Swapped = union(enum) {
    /// It was set: its version, and what was there before, if anything.
    set: struct { version: i64, old: ?Old },
    /// It was not, as the version is another: what is there, if anything.
    conflict: ?Old,
};

/// `kv.set`, and what was there.
pub fn swap(allocator: Allocator, key: []const u8, value: []const u8, options: kv.SetOptions) Error!Swapped {
    if (options.ttl_ns) |ttl| if (ttl <= 0) return error.Invalid;
    if (options.if_version) |version| if (version < 0) return error.Invalid;
    const room = try allocator.alloc(u8, 65536);
    var about: About = undefined;
    const version = store.swap(pointer(key), key.len, pointer(value), value.len, options.ttl_ns orelse forever, options.if_version orelse any_version, room.ptr, room.len, &about);
    if (version < 0 and version != conflict) return failure(version);
    var old: ?Old = null;
    if (about.length >= 0) {
        const size: u32 = @intCast(about.length);
        old = .{ .version = about.version, .value = if (size <= room.len) room[0..size] else null };
    }
    return if (version == conflict) .{ .conflict = old } else .{ .set = .{ .version = version, .old = old } };
}
