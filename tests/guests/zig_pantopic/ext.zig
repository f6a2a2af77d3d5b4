//! A guest as ext-grpc-server's SDK for Zig makes them: what ../pantopic_push.c does, with messages sent from memory of its
//! own rather than from the buffer that it shares with the host; and a counter of ext-atomic.

const std = @import("std");

extern "pantopic/ext-grpc-server" fn __grpc_server_send(message: u64) void;
extern "pantopic/ext-atomic" fn __atomic_uint64_add() void;

/// What the host is told: where the buffers are, and the services.
const places = struct {
    var method_cap: u32 = 64;
    var method_len: u32 = 0;
    var method: [64]u8 = undefined;
    var message_cap: u32 = 65536;
    var message_len: u32 = 0;
    var message: [65536]u8 = undefined;
    var error_code: u32 = 0;
    var table: [7]u32 = undefined;
};
const services = "/pantopic.Unary/u.Echo,u.Fail,u.FailUnsent,u.Silent,u.Twice,u.Trap,u.Visit" ++
    "/pantopic.Stream/b.Add,s.Count,s.Endless,c.Greedy,b.Hold,s.Late,b.Refuse,c.Sum";

const counter = struct {
    var set: u32 = 1;
    var id: u64 = 2;
    var value: u64 = 0;
    var table: [3]u32 = undefined;
};

export fn __grpc_server() u32 {
    places.table = .{
        @intFromPtr(&places.method_cap),  @intFromPtr(&places.method_len),
        @intFromPtr(&places.method),      @intFromPtr(&places.message_cap),
        @intFromPtr(&places.message_len), @intFromPtr(&places.message),
        @intFromPtr(&places.error_code),
    };
    leave(services);
    return @intFromPtr(&places.table);
}

export fn __atomic() u32 {
    counter.table = .{ @intFromPtr(&counter.set), @intFromPtr(&counter.id), @intFromPtr(&counter.value) };
    return @intFromPtr(&counter.table);
}

fn called(comptime path: []const u8) bool {
    return std.mem.eql(u8, places.method[0..places.method_len], path);
}

fn request() []const u8 {
    return places.message[0..places.message_len];
}

/// Puts text into the message buffer.
fn leave(text: []const u8) void {
    std.mem.copyForwards(u8, places.message[0..text.len], text);
    places.message_len = text.len;
}

fn number() u32 {
    return std.fmt.parseInt(u32, request(), 10) catch 0;
}

fn send(code: u32, text: []const u8) void {
    places.error_code = code;
    __grpc_server_send(if (text.len == 0) 0 else @as(u64, @intFromPtr(text.ptr)) << 32 | text.len);
}

/// Not the shared buffer, and filled with something else when it has been sent.
var elsewhere: [4096]u8 = undefined;

fn sendNumber(value: u64, size: ?usize) void {
    const text = std.fmt.bufPrint(&elsewhere, "{d}", .{value}) catch unreachable;
    send(0, elsewhere[0 .. size orelse text.len]);
    @memset(elsewhere[0..text.len], 'x');
}

// Of the stream that is open: an instance has one at a time.
var sum: u32 = 0;
var held: [1024]u8 = undefined;
var held_len: usize = 0;

/// The first byte of the request, a digit or letter; the rest is the text.
fn askedCode() u32 {
    const digit = request()[0];
    return if (digit <= '9') digit - '0' else digit - 'a' + 10;
}

export fn __grpc_server_unary() void {
    if (called("/pantopic.Unary/Echo")) {
        send(0, request());
    } else if (called("/pantopic.Unary/Fail")) {
        send(askedCode(), request()[1..]);
        places.error_code = 0;
    } else if (called("/pantopic.Unary/FailUnsent")) {
        const code = askedCode();
        leave(request()[1..]);
        places.error_code = code;
    } else if (called("/pantopic.Unary/Twice")) {
        send(0, request());
        send(0, "again");
    } else if (called("/pantopic.Unary/Trap")) {
        @trap();
    } else if (called("/pantopic.Unary/Visit")) {
        counter.value = 1;
        __atomic_uint64_add();
        sendNumber(counter.value, null);
    }
}

export fn __grpc_server_client_stream_open() void {
    sum = 0;
}

export fn __grpc_server_client_stream_recv() void {
    sum += number();
    if (called("/pantopic.Stream/Greedy") and sum >= 10) sendNumber(sum, null);
}

export fn __grpc_server_client_stream_close() void {
    sendNumber(sum, null);
}

export fn __grpc_server_server_stream_open() void {
    if (called("/pantopic.Stream/Late")) return;
    const endless = called("/pantopic.Stream/Endless");
    const count = if (endless) std.math.maxInt(u32) else number();
    for (0..count) |i| {
        sendNumber(i, if (endless) elsewhere.len else null);
        if (places.error_code != 0) return;
    }
}

export fn __grpc_server_server_stream_close() void {
    if (called("/pantopic.Stream/Late")) send(0, "late");
}

export fn __grpc_server_bidirectional_open() void {
    sum = 0;
    held_len = 0;
}

export fn __grpc_server_bidirectional_recv() void {
    if (called("/pantopic.Stream/Add")) {
        sum += number();
        sendNumber(sum, null);
    } else if (called("/pantopic.Stream/Refuse")) {
        send(7, "not allowed");
    } else if (held_len + request().len <= held.len) {
        @memcpy(held[held_len..][0..request().len], request());
        held_len += request().len;
    }
}

export fn __grpc_server_bidirectional_close() void {
    if (called("/pantopic.Stream/Hold")) send(0, held[0..held_len]);
}

/// Echoes a body, or what was asked for where there is none; /missing is not found.
export fn __grpc_server_http() void {
    if (called("GET /missing")) {
        places.error_code = 404;
        leave("nothing here");
    } else if (places.message_len == 0) {
        leave(places.method[0..places.method_len]);
    }
}
