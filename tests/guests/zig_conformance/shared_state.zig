//! What ../shared_state.cc does, in Zig: counters, and a store. Messages are plain text.

const std = @import("std");
const grpc = @import("wasm_grpc");
const Call = grpc.Call;
const kv = grpc.kv;

pub const panic = grpc.panic;

fn countStart() void {
    const counter = grpc.Counter.named("starts") catch return;
    _ = counter.add(1);
}

/// "NAME": adds 1.
fn count(call: *Call, name: []const u8) ![]const u8 {
    const counter = grpc.Counter.named(name) catch return call.fail(.resource_exhausted, "");
    return call.print("{d}", .{counter.add(1)});
}

/// "NAME": adds 1 by comparing and exchanging.
fn countByComparing(call: *Call, name: []const u8) ![]const u8 {
    const counter = try grpc.Counter.named(name);
    while (true) {
        const value = counter.load();
        if (counter.compareExchange(value, value + 1) == value) return call.print("{d}", .{value + 1});
    }
}

/// Uses a counter that is none.
fn misuse(call: *Call, _: []const u8) ![]const u8 {
    return call.print("{d}", .{(grpc.Counter{ .number = -1 }).load()});
}

/// "KEY": its value.
fn get(call: *Call, key: []const u8) ![]const u8 {
    const pair = try kv.get(call.arena, key) orelse return call.fail(.not_found, "");
    return pair.value;
}

/// "KEY MILLISECONDS VALUE": 0 milliseconds are for ever.
fn set(call: *Call, request: []const u8) ![]const u8 {
    var parts = std.mem.splitScalar(u8, request, ' ');
    const key = parts.first();
    const milliseconds = std.fmt.parseInt(i64, parts.next() orelse "", 10) catch 0;
    const ttl = if (milliseconds > 0) milliseconds * std.time.ns_per_ms else null;
    _ = kv.set(key, parts.rest(), .{ .ttl_ns = ttl }) catch |failure| return failed(call, failure);
    return "";
}

fn remove(call: *Call, key: []const u8) ![]const u8 {
    const was_there = kv.remove(key, null) catch |failure| return failed(call, failure);
    return if (was_there) "" else call.fail(.not_found, "");
}

/// "KEY": adds one character to its value, whoever else does, and says how often it had to try.
fn append(call: *Call, key: []const u8) ![]const u8 {
    var tries: u32 = 1;
    while (true) : (tries += 1) {
        const pair = try kv.get(call.arena, key);
        const longer = call.print("{s}x", .{if (pair) |there| there.value else ""});
        _ = kv.set(key, longer, .{ .if_version = if (pair) |there| there.version else 0 }) catch |failure| switch (failure) {
            error.Conflict => continue,
            else => return failed(call, failure),
        };
        return call.print("{d}", .{tries});
    }
}

/// "PREFIX": what the functions for several pairs answer, below keys that begin so.
fn many(call: *Call, prefix: []const u8) ![]const u8 {
    return manyOf(call, prefix) catch |failure| switch (failure) {
        error.OutOfMemory => error.OutOfMemory,
        else => |of_the_store| failed(call, of_the_store),
    };
}

fn manyOf(call: *Call, prefix: []const u8) !([]const u8) {
    const a, const b, const c, const d = .{ call.print("{s}a", .{prefix}), call.print("{s}b", .{prefix}), call.print("{s}c", .{prefix}), call.print("{s}d", .{prefix}) };
    var told: []const u8 = "each";
    const each = try kv.changeEach(call.arena, &.{
        .{ .key = a, .value = "1" },
        .{ .key = b, .value = "22", .options = .{ .if_version = 0 } },
        .{ .key = c, .value = null },
    });
    for (each) |one| told = call.print("{s} {s}", .{ told, if (one) |_| "ok" else |failure| @errorName(failure) });
    const conflicting = kv.changeAll(call.arena, &.{ .{ .key = a, .value = "x" }, .{ .key = b, .value = "y", .options = .{ .if_version = 0 } } });
    told = call.print("{s}\nall {s}", .{ told, if (conflicting) |_| "ok" else |failure| @errorName(failure) });
    _ = try kv.changeAll(call.arena, &.{ .{ .key = a, .value = "333" }, .{ .key = d, .value = "4444", .options = .{ .if_version = 0 } } });
    told = call.print("{s}\nmany", .{told});
    for (try kv.getMany(call.arena, &.{ a, c, d })) |pair| told = call.print("{s} {s}", .{ told, if (pair) |there| there.value else "Absent" });
    var page = try kv.list(call.arena, prefix, "", 2);
    while (page.next) |next| : (page = try kv.list(call.arena, prefix, next, 2)) {
        told = call.print("{s}\nlist", .{told});
        for (page.pairs) |pair| told = call.print("{s} {s}:{d}", .{ told, pair.key[prefix.len..], pair.value_bytes });
    }
    told = call.print("{s}\nswap", .{told});
    for ([_][]const u8{ a, c }) |key| {
        const old = (try kv.swap(call.arena, key, "5", .{})).set.old;
        told = call.print("{s} {s}", .{ told, if (old) |there| there.value.? else "Absent" });
    }
    const there = (try kv.swap(call.arena, a, "6", .{ .if_version = 0 })).conflict.?;
    return call.print("{s}\nconflict {s}", .{ told, there.value.? });
}

fn failed(call: *Call, failure: kv.SetError) error{Failed} {
    return switch (failure) {
        error.Conflict => call.fail(.aborted, ""),
        error.Full => call.fail(.resource_exhausted, "full"),
        error.TooLarge => call.fail(.resource_exhausted, "too large"),
        error.Invalid => call.fail(.invalid_argument, ""),
        error.Unavailable => call.fail(.unavailable, "the store is away"),
    };
}

comptime {
    grpc.serve(.{ .@"shared.State" = .{
        .Count = grpc.unary(count),
        .CountByComparing = grpc.unary(countByComparing),
        .Misuse = grpc.unary(misuse),
        .Get = grpc.unary(get),
        .Set = grpc.unary(set),
        .Remove = grpc.unary(remove),
        .Append = grpc.unary(append),
        .Many = grpc.unary(many),
    } }, .{ .start = countStart });
}
