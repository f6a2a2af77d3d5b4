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
    } }, .{ .start = countStart });
}
