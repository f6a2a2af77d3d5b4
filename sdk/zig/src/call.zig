const std = @import("std");
const abi = @import("abi.zig");
const error_details = @import("error_details.zig");
const status = @import("status.zig");
const Code = status.Code;

/// What the SDK allocates by: the module's own memory, which never shrinks.
pub const gpa = std.heap.wasm_allocator;

/// The call has ended for the client: return, nothing can be delivered.
pub const Gone = error{Cancelled};

const most_kept = 64 * 1024; // bytes of an arena that are kept for the next call

/// A pair of the request's metadata. The value of a key that ends in -bin is raw bytes, else printable ASCII.
pub const Metadata = struct { key: []const u8, value: []const u8 };

/// A call in progress.
pub const Call = struct {
    /// The host's number for it.
    id: i32,
    /// For what the handler needs as long as it serves this call; freed at its end.
    arena: std.mem.Allocator,
    code: Code = .ok,
    text: []const u8 = "",
    details: []const u8 = "",
    /// Its status was given.
    over: bool = false,

    // ---- The end ----

    /// The call ends with this status: `return call.fail(.not_found, "no such book")`. The text must live until the handler
    /// has returned, as literals do, and what call.print() makes.
    pub fn fail(self: *Call, code: Code, text: []const u8) error{Failed} {
        return self.failWith(code, text, "");
    }

    /// The same with details: a serialized google.rpc.Status, of 16 KiB with all the trailers.
    pub fn failWith(self: *Call, code: Code, text: []const u8, details: []const u8) error{Failed} {
        self.code = code;
        self.text = text;
        self.details = details;
        return error.Failed;
    }

    /// The same with details for programs, a tuple of messages: those of `error_details`, and any with a `name_in_proto`. Those
    /// that do not fit into the 16 KiB of response metadata are left out, which the host's log says.
    pub fn failWithDetails(self: *Call, code: Code, text: []const u8, details: anytype) error{Failed} {
        const bytes = error_details.encoded(self.arena, @intFromEnum(code), text, details) catch lost: {
            self.log(.warn, "the details of the status are left out: the guest is out of memory");
            break :lost "";
        };
        return self.failWith(code, text, bytes);
    }

    /// A text in the call's arena, for `fail`; empty when there is no memory.
    pub fn print(self: *Call, comptime format: []const u8, arguments: anytype) []const u8 {
        return std.fmt.allocPrint(self.arena, format, arguments) catch "";
    }

    /// Whether the call has ended for the client: cancelled, disconnected, or past its deadline.
    pub fn cancelled(self: *const Call) bool {
        return abi.wait(self.id, 0, 0) < 0;
    }

    /// Nanoseconds until the deadline, 0 when it has passed; null without one.
    pub fn timeLeft(self: *const Call) ?i64 {
        const left = abi.deadline(self.id);
        return if (left == std.math.maxInt(i64)) null else @max(left, 0);
    }

    /// Waits; ends early when the call does. Only in handlers. A negative time never passes.
    pub fn sleep(self: *const Call, nanoseconds: i64) Gone!void {
        if (abi.wait(self.id, 0, nanoseconds) < 0) return error.Cancelled;
    }

    // ---- Metadata ----

    /// The first value of the request's metadata `key`, in lower case.
    pub fn metadata(self: *Call, key: []const u8) error{OutOfMemory}!?[]const u8 {
        return self.metadataAt(key, 0);
    }

    /// The `index`-th value of it, from 0.
    pub fn metadataAt(self: *Call, key: []const u8, index: u31) error{OutOfMemory}!?[]const u8 {
        const length = abi.metadata_get(self.id, at(key), key.len, index, undefined_pointer, 0);
        if (length < 0) return null;
        const value = try self.arena.alloc(u8, @intCast(length));
        _ = abi.metadata_get(self.id, at(key), key.len, index, at(value), value.len);
        return value;
    }

    /// All of it, in the order received.
    pub fn allMetadata(self: *Call) error{OutOfMemory}![]const Metadata {
        const length = abi.metadata_list(self.id, undefined_pointer, 0);
        if (length <= 0) return &.{};
        const bytes = try self.arena.alloc(u8, @intCast(length));
        _ = abi.metadata_list(self.id, at(bytes), bytes.len);
        var all: std.ArrayList(Metadata) = .empty;
        var rest: []const u8 = bytes;
        while (rest.len >= 8) {
            const key_len = std.mem.readInt(u32, rest[0..4], .little);
            const value_len = std.mem.readInt(u32, rest[4..8], .little);
            rest = rest[8..];
            try all.append(self.arena, .{ .key = rest[0..key_len], .value = rest[key_len..][0..value_len] });
            rest = rest[key_len + value_len ..];
        }
        return all.items;
    }

    /// Adds a header to the response, before its first message: a bad name or value, too late, and more than 16 KiB of it are
    /// refused.
    pub fn addHeader(self: *Call, key: []const u8, value: []const u8) error{Refused}!void {
        return self.add(abi.headers, key, value);
    }

    /// Adds a trailer, likewise at any time.
    pub fn addTrailer(self: *Call, key: []const u8, value: []const u8) error{Refused}!void {
        return self.add(abi.trailers, key, value);
    }

    fn add(self: *Call, where: i32, key: []const u8, value: []const u8) error{Refused}!void {
        const added = abi.metadata_add(self.id, where, at(key), key.len, at(value), value.len);
        if (added != abi.ok and added != abi.cancelled) return error.Refused;
    }

    /// Sends the response headers now, not with the first message.
    pub fn sendHeaders(self: *Call) Gone!void {
        if (abi.headers_send(self.id) < 0) return error.Cancelled;
    }

    /// Whether messages sent from now on are compressed; false where the client takes no compression. Call it first.
    pub fn compress(self: *Call, on: bool) bool {
        return abi.compress(self.id, @intFromBool(on)) == 1;
    }

    // ---- What the host tells ----

    pub fn info(self: *Call, what: status.Info) error{OutOfMemory}!?[]const u8 {
        const length = abi.info(self.id, @intFromEnum(what), undefined_pointer, 0);
        if (length < 0) return null;
        const text = try self.arena.alloc(u8, @intCast(length));
        _ = abi.info(self.id, @intFromEnum(what), at(text), text.len);
        return text;
    }

    /// Null where there is none.
    pub fn limit(self: *Call, what: status.Limit) ?u64 {
        var bytes: [8]u8 = undefined;
        if (abi.info(self.id, @intFromEnum(what), &bytes, bytes.len) != bytes.len) return null;
        return std.mem.readInt(u64, &bytes, .little);
    }

    /// Writes a line to the host's log, with the call's method and its client.
    pub fn log(self: *const Call, level: status.Level, text: []const u8) void {
        if (abi.log_call(self.id, @intFromEnum(level), at(text), text.len, at(text), 0) < 0) writeLog(level, text);
    }

    // ---- Messages as bytes ----

    pub const Taken = union(enum) {
        message: []u8, // in the arena that was given
        again, // none has come yet
        end, // there are no more
        gone,
    };

    /// The next message, without waiting.
    pub fn take(self: *Call, arena: std.mem.Allocator) error{OutOfMemory}!Taken {
        const length = abi.recv(self.id, &scratch, scratch.len);
        if (length == abi.again) return .again;
        if (length == abi.end) return .end;
        if (length < 0) return .gone;
        const message = try arena.alloc(u8, @intCast(length));
        if (length > scratch.len) {
            _ = abi.recv(self.id, at(message), message.len);
        } else {
            @memcpy(message, scratch[0..message.len]);
        }
        return .{ .message = message };
    }

    /// Sends a message, which is copied, or says that the client does not read fast enough.
    pub fn give(self: *Call, message: []const u8) Gone!enum { sent, again } {
        return switch (abi.send(self.id, at(message), message.len)) {
            abi.ok => .sent,
            abi.again => .again,
            else => error.Cancelled,
        };
    }

    /// The next message, or null after the last one. Waits; only in handlers.
    pub fn receive(self: *Call, arena: std.mem.Allocator) (Gone || error{OutOfMemory})!?[]u8 {
        while (true) switch (try self.take(arena)) {
            .message => |message| return message,
            .end => return null,
            .gone => return error.Cancelled,
            .again => if (abi.wait(self.id, abi.readable, -1) < 0) return error.Cancelled,
        };
    }

    /// Sends a message. Waits while the client is slow; only in handlers.
    pub fn send(self: *Call, message: []const u8) Gone!void {
        while (try self.give(message) == .again) {
            if (abi.wait(self.id, abi.writable, -1) < 0) return error.Cancelled;
        }
    }

    /// In event style: `timer` follows after so many nanoseconds, instead of when it was to before; a negative time takes it
    /// back.
    pub fn setTimer(self: *Call, nanoseconds: i64) void {
        _ = abi.timer(self.id, nanoseconds);
    }

    /// In event style: ends the call well.
    pub fn finish(self: *Call) void {
        _ = abi.finish(self.id, 0, "", 0);
        self.over = true;
    }

    /// For the SDK: the status of a call whose handler gave `result`, which is given to the host.
    pub fn end(self: *Call, result: anyerror!void) i32 {
        result catch |failure| switch (failure) {
            error.Failed => {},
            error.Cancelled => return @intFromEnum(Code.cancelled),
            error.OutOfMemory => set(self, .resource_exhausted, "the guest is out of memory"),
            else => set(self, .internal, @errorName(failure)),
        };
        if (self.details.len > 0) self.addTrailer("grpc-status-details-bin", self.details) catch
            self.log(.warn, "the details of the status are left out: there is more than 16 KiB of response metadata, or the handler added details itself");
        _ = abi.finish(self.id, @intFromEnum(self.code), at(self.text), self.text.len);
        self.over = true;
        return @intFromEnum(self.code);
    }

    fn set(self: *Call, code: Code, text: []const u8) void {
        self.fail(code, text) catch {};
    }
};

/// What a message is written to first; larger than most.
var scratch: [4096]u8 = undefined;

/// Where the bytes are. Those of an empty slice may be outside of memory, which the host does not take.
fn at(bytes: anytype) @TypeOf(bytes.ptr) {
    return if (bytes.len == 0) undefined_pointer else bytes.ptr;
}

/// Where nothing is written, as the capacity is 0.
const undefined_pointer: [*]u8 = @ptrFromInt(8);

/// Writes a line to the host's log.
pub fn writeLog(level: status.Level, text: []const u8) void {
    abi.log(@intFromEnum(level), at(text), text.len);
}

/// What an instance keeps from call to call: memory for the next one.
pub const Arena = struct {
    inner: std.heap.ArenaAllocator = .init(gpa),

    pub fn clear(self: *Arena) void {
        _ = self.inner.reset(.{ .retain_with_limit = most_kept });
    }
};
