//! echo.Echo (examples/echo/echo.proto) in Zig and in event style, for the end-to-end tests of large messages and of flow
//! control: one instance serves all calls of a worker.

const std = @import("std");
const grpc = @import("wasm_grpc");

pub const panic = grpc.panic;

const Message = struct {
    payload: []const u8 = "",
    pub const proto = .{ .payload = .{ 1, .bytes } };
};

const Repeat = struct {
    count: u32 = 0,
    payload: []const u8 = "",
    pub const proto = .{ .count = 1, .payload = .{ 2, .bytes } };
};

fn encoded(allocator: std.mem.Allocator, message: Message) ![]u8 {
    const bytes = try allocator.alloc(u8, grpc.protobuf.encodedSize(Message, &message));
    _ = grpc.protobuf.encode(Message, &message, bytes);
    return bytes;
}

fn decoded(comptime T: type, call: *grpc.Call, bytes: []const u8) !T {
    return grpc.protobuf.decode(T, bytes, call.arena) catch |failure| switch (failure) {
        error.OutOfMemory => error.OutOfMemory,
        error.Malformed => call.fail(.internal, "the request is not an echo message"),
    };
}

/// The message back, byte for byte.
const Unary = struct {
    pub fn open(_: *Unary, call: *grpc.Call) !void {
        switch (try call.take(call.arena)) {
            .message => |message| _ = try call.give(message),
            else => return error.Cancelled,
        }
        call.finish();
    }
};

/// One message whose payload is those of all requests.
const ClientStream = struct {
    joined: std.ArrayList(u8) = .empty,

    pub fn message(self: *ClientStream, call: *grpc.Call) !void {
        while (true) switch (try call.take(call.arena)) {
            .message => |bytes| try self.joined.appendSlice(grpc.gpa, (try decoded(Message, call, bytes)).payload),
            .again => return,
            .gone => return error.Cancelled,
            .end => {
                _ = try call.give(try encoded(call.arena, .{ .payload = self.joined.items }));
                return call.finish();
            },
        };
    }

    pub const halfClose = message;

    pub fn deinit(self: *ClientStream) void {
        self.joined.deinit(grpc.gpa);
    }
};

/// The payload, `count` times.
const ServerStream = struct {
    left: u32 = 0,
    bytes: []u8 = &.{},

    pub fn open(self: *ServerStream, call: *grpc.Call) !void {
        switch (try call.take(call.arena)) {
            .message => |bytes| {
                const repeat = try decoded(Repeat, call, bytes);
                self.left = repeat.count;
                self.bytes = try encoded(grpc.gpa, .{ .payload = repeat.payload });
            },
            else => return error.Cancelled,
        }
        return self.writable(call);
    }

    pub fn writable(self: *ServerStream, call: *grpc.Call) !void {
        while (self.left > 0) : (self.left -= 1) if (try call.give(self.bytes) == .again) return;
        call.finish();
    }

    pub fn deinit(self: *ServerStream) void {
        grpc.gpa.free(self.bytes);
    }
};

/// Every request as it comes. Of a client that does not read no further message is taken.
const BidiStream = struct {
    waiting: ?[]u8 = null,

    pub fn message(self: *BidiStream, call: *grpc.Call) !void {
        if (self.waiting) |earlier| {
            if (try call.give(earlier) == .again) return;
            grpc.gpa.free(earlier);
            self.waiting = null;
        }
        while (true) switch (try call.take(call.arena)) {
            .message => |bytes| if (try call.give(bytes) == .again) {
                self.waiting = try grpc.gpa.dupe(u8, bytes);
                return;
            },
            .again => return,
            .gone => return error.Cancelled,
            .end => return call.finish(),
        };
    }

    pub const writable = message;
    pub const halfClose = message;

    pub fn deinit(self: *BidiStream) void {
        if (self.waiting) |earlier| grpc.gpa.free(earlier);
    }
};

/// Three messages, a hundredth of a second apart; an empty request asks for more than a client waits for.
const Tick = struct {
    left: u32 = 3,

    pub fn open(self: *Tick, call: *grpc.Call) !void {
        switch (try call.take(call.arena)) {
            .message => |request| if (request.len == 0) {
                self.left = std.math.maxInt(u32);
            },
            else => return error.Cancelled,
        }
        call.setTimer(10 * std.time.ns_per_ms);
    }

    pub fn timer(self: *Tick, call: *grpc.Call) !void {
        _ = try call.give("tick");
        self.left -= 1;
        if (self.left == 0) return call.fail(.out_of_range, "that was all");
        call.setTimer(10 * std.time.ns_per_ms);
    }

    pub fn cancelled(_: *Tick, call: *grpc.Call) !void {
        call.log(.info, "Tick: cancelled");
    }

    pub fn deinit(_: *Tick) void {
        grpc.log(.info, "Tick: forgotten");
    }
};

comptime {
    grpc.serve(.{
        .@"test.Events" = .{ .Tick = grpc.events(.server_stream, Tick) },
        .@"echo.Echo" = .{
            .Unary = grpc.events(.unary, Unary),
            .ClientStream = grpc.events(.client_stream, ClientStream),
            .ServerStream = grpc.events(.server_stream, ServerStream),
            .BidiStream = grpc.events(.bidi_stream, BidiStream),
        },
    }, .{});
}
