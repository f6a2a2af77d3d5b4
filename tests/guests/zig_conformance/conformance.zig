//! test.Guest (../conformance.proto) in Zig: what ../conformance.cc does, for the same end-to-end tests.

const std = @import("std");
const grpc = @import("wasm_grpc");
const wasi = std.os.wasi;

pub const panic = grpc.panic;
pub const std_options: std.Options = .{ .logFn = grpc.logFn };

const Empty = struct {
    pub const proto = .{};
};

const Entry = struct {
    key: []const u8 = "",
    value: []const u8 = "",
    pub const proto = .{ .key = 1, .value = .{ 2, .bytes } };
};

const MetadataReply = struct {
    entries: []const Entry = &.{},
    refused: u32 = 0,
    pub const proto = .{ .entries = 1, .refused = 2 };
};

const FailRequest = struct {
    code: i32 = 0,
    message: []const u8 = "",
    messages: u32 = 0,
    details: []const u8 = "",
    // Whatever the message is: what the host makes of it is tested.
    pub const proto = .{ .code = 1, .message = .{ 2, .bytes }, .messages = 3, .details = .{ 4, .bytes } };
};

const SleepRequest = struct {
    milliseconds: u32 = 0,
    by_wait: bool = false,
    pub const proto = .{ .milliseconds = 1, .by_wait = 2 };
};

const Text = struct {
    text: []const u8 = "",
    pub const proto = .{ .text = 1 };
};

const NumberRequest = struct {
    number: u32 = 0,
    pub const proto = .{ .number = 1 };
};

const NumberReply = struct {
    number: u64 = 0,
    pub const proto = .{ .number = 1 };
};

const DeadlineReply = struct {
    set: bool = false,
    nanoseconds: i64 = 0,
    pub const proto = .{ .set = 1, .nanoseconds = 2 };
};

const InfoReply = struct {
    path: []const u8 = "",
    authority: []const u8 = "",
    peer: []const u8 = "",
    tls_peer: []const u8 = "",
    tls_names: []const []const u8 = &.{},
    token_subject: []const u8 = "",
    token_claims: []const u8 = "",
    pub const proto = .{
        .path = 1,
        .authority = 2,
        .peer = 3,
        .tls_peer = 4,
        .tls_names = 5,
        .token_subject = 6,
        .token_claims = 7,
    };
};

const SinkReply = struct {
    messages: u64 = 0,
    bytes: u64 = 0,
    pub const proto = .{ .messages = 1, .bytes = 2 };
};

const CompressRequest = struct {
    text: []const u8 = "",
    compress: bool = false,
    pub const proto = .{ .text = 1, .compress = 2 };
};

const CompressReply = struct {
    text: []const u8 = "",
    encoding: []const u8 = "",
    done: bool = false,
    pub const proto = .{ .text = 1, .encoding = 2, .done = 3 };
};

fn echoMetadata(call: *grpc.Call, _: Empty) !MetadataReply {
    var reply: MetadataReply = .{};
    const all = try call.allMetadata();
    const entries = try call.arena.alloc(Entry, all.len);
    for (all, entries) |pair, *entry| {
        entry.* = .{ .key = pair.key, .value = pair.value };
        call.addHeader(pair.key, pair.value) catch {
            reply.refused += 1;
        };
        call.addTrailer(pair.key, pair.value) catch {
            reply.refused += 1;
        };
    }
    reply.entries = entries;
    return reply;
}

fn fail(call: *grpc.Call, request: FailRequest) !Empty {
    if (request.code == 0) return .{};
    return call.failWith(@enumFromInt(request.code), request.message, request.details);
}

fn failStream(call: *grpc.Call, request: FailRequest, out: *grpc.Out(Empty)) !void {
    for (0..request.messages) |_| try out.send(.{});
    _ = try fail(call, request);
}

fn rest(call: *grpc.Call, request: SleepRequest) !void {
    const nanoseconds = @as(u64, request.milliseconds) * std.time.ns_per_ms;
    if (request.by_wait) return call.sleep(@intCast(nanoseconds));
    const subscription: wasi.subscription_t = .{
        .userdata = 0,
        .u = .{ .tag = .CLOCK, .u = .{ .clock = .{ .id = .MONOTONIC, .timeout = nanoseconds, .precision = 0, .flags = 0 } } },
    };
    var event: wasi.event_t = undefined;
    var count: usize = 0;
    if (wasi.poll_oneoff(&subscription, &event, 1, &count) != .SUCCESS) return error.Cancelled;
}

fn sleep(call: *grpc.Call, request: SleepRequest) !Empty {
    try rest(call, request);
    return .{};
}

fn earlyHeaders(call: *grpc.Call, request: SleepRequest, out: *grpc.Out(Empty)) !void {
    try call.addHeader("x-early", "yes");
    try call.sendHeaders();
    try rest(call, request);
    try out.send(.{});
}

fn print(call: *grpc.Call, request: Text) !Empty {
    write(1, call.print("out: {s}\n", .{request.text}));
    write(2, call.print("err: {s}\n", .{request.text}));
    std.log.warn("log: {s}", .{request.text});
    return .{};
}

fn write(fd: wasi.fd_t, text: []const u8) void {
    const buffer: wasi.ciovec_t = .{ .base = text.ptr, .len = text.len };
    var written: usize = 0;
    _ = wasi.fd_write(fd, @ptrCast(&buffer), 1, &written);
}

var turns: u32 = 0;

fn turn() void {
    const counted: *volatile u32 = &turns;
    counted.* +%= 1;
}

fn spin(_: *grpc.Call, _: Empty) !Empty {
    while (true) turn();
}

/// A linear congruential generator, as many thousand steps on.
fn compute(thousands: u32) u32 {
    var state: u32 = 1;
    for (0..thousands) |_| {
        for (0..1000) |_| {
            state = state *% 1664525 +% 1013904223;
            std.mem.doNotOptimizeAway(state); // step by step
        }
    }
    return state;
}

fn burn(_: *grpc.Call, request: NumberRequest) !NumberReply {
    return .{ .number = compute(request.number) };
}

fn burnEach(_: *grpc.Call, in: *grpc.In(NumberRequest), out: *grpc.Out(NumberReply)) !void {
    while (try in.next()) |request| try out.send(.{ .number = compute(request.number) });
}

fn trap(_: *grpc.Call, _: Empty) !Empty {
    @trap();
}

noinline fn deeper(above: *volatile u32) u32 {
    var here: [64]u32 = @splat(above.*);
    return deeper(&here[0]) +% here[1];
}

fn overflow(_: *grpc.Call, _: Empty) !NumberReply {
    var top: u32 = 1;
    return .{ .number = deeper(&top) };
}

fn exit(_: *grpc.Call, _: Empty) !Empty {
    wasi.proc_exit(3);
}

var kept: u64 = 0;

fn grow(_: *grpc.Call, request: NumberRequest) !NumberReply {
    for (0..request.number) |_| {
        const memory = try grpc.gpa.alloc(u8, 1 << 20);
        @memset(memory, 0x5A);
        std.mem.doNotOptimizeAway(memory.ptr);
        kept += 1;
    }
    return .{ .number = kept };
}

var asked: u64 = 0;

fn count_(_: *grpc.Call, _: Empty) !NumberReply {
    asked += 1;
    return .{ .number = asked };
}

fn deadline(call: *grpc.Call, _: Empty) !DeadlineReply {
    const left = call.timeLeft();
    return .{ .set = left != null, .nanoseconds = left orelse 0 };
}

fn info(call: *grpc.Call, _: Empty) !InfoReply {
    var names: std.ArrayList([]const u8) = .empty;
    if (try call.info(.tls_names)) |lines| {
        var each = std.mem.splitScalar(u8, lines, '\n');
        while (each.next()) |name| try names.append(call.arena, name);
    }
    return .{
        .path = try call.info(.path) orelse "",
        .authority = try call.info(.authority) orelse "",
        .peer = try call.info(.peer) orelse "",
        .tls_peer = try call.info(.tls_peer) orelse "",
        .tls_names = names.items,
        .token_subject = try call.info(.token_subject) orelse "",
        .token_claims = try call.info(.token_claims) orelse "",
    };
}

noinline fn recurse(depth: u32) u32 {
    if (depth == 0) return 0;
    turn(); // so that it does not become a loop
    return recurse(depth - 1) + 1;
}

fn recurseAsAsked(_: *grpc.Call, request: NumberRequest) !NumberReply {
    return .{ .number = recurse(request.number) };
}

fn contentSubtype(call: *grpc.Call, _: []const u8) ![]const u8 {
    return try call.info(.content_subtype) orelse "";
}

fn waitCancel(call: *grpc.Call, _: *grpc.In(Empty), out: *grpc.Out(Empty)) !void {
    out.send(.{}) catch {};
    call.sleep(-1) catch {};
    std.log.info("WaitCancel: cancelled", .{});
}

fn pollCancel(call: *grpc.Call, _: *grpc.In(Empty), out: *grpc.Out(Empty)) !void {
    out.send(.{}) catch {};
    while (turns % 10_000 != 0 or !call.cancelled()) turn();
    std.log.info("PollCancel: cancelled", .{});
}

fn flood(call: *grpc.Call, request: NumberRequest, out: *grpc.Out(Text)) !void {
    const text = try call.arena.alloc(u8, request.number);
    @memset(text, 'x');
    var sent: u64 = 0;
    while (true) : (sent += 1) out.send(.{ .text = text }) catch break;
    std.log.info("Flood: sent {d}", .{sent});
}

fn sink(call: *grpc.Call, in: *grpc.In([]const u8)) !SinkReply {
    if (try call.metadata("x-pause-ms")) |pause| {
        const milliseconds = std.fmt.parseInt(u32, pause, 10) catch
            return call.fail(.invalid_argument, "x-pause-ms is not a number");
        try call.sleep(@as(i64, milliseconds) * std.time.ns_per_ms);
    }
    var reply: SinkReply = .{};
    while (try in.next()) |message| {
        reply.messages += 1;
        reply.bytes += message.len;
    }
    return reply;
}

fn compress(call: *grpc.Call, request: CompressRequest) !CompressReply {
    const done = call.compress(request.compress) == request.compress;
    return .{ .text = request.text, .encoding = try call.info(.message_encoding) orelse "none", .done = done };
}

fn compressEach(call: *grpc.Call, in: *grpc.In(CompressRequest), out: *grpc.Out(CompressReply)) !void {
    if (try call.metadata("x-announce") != null) {
        _ = call.compress(true);
        _ = call.compress(false);
    }
    while (try in.next()) |request| try out.send(try compress(call, request));
}

comptime {
    grpc.serve(.{
        .@"test.Guest" = .{
            .EchoMetadata = grpc.unary(echoMetadata),
            .Fail = grpc.unary(fail),
            .FailStream = grpc.serverStream(failStream),
            .Sleep = grpc.unary(sleep),
            .EarlyHeaders = grpc.serverStream(earlyHeaders),
            .Print = grpc.unary(print),
            .Spin = grpc.unary(spin),
            .Burn = grpc.unary(burn),
            .BurnEach = grpc.bidiStream(burnEach),
            .Trap = grpc.unary(trap),
            .Overflow = grpc.unary(overflow),
            .Exit = grpc.unary(exit),
            .Grow = grpc.unary(grow),
            .Count = grpc.unary(count_),
            .Deadline = grpc.unary(deadline),
            .Info = grpc.unary(info),
            .Recurse = grpc.unary(recurseAsAsked),
            .ContentSubtype = grpc.unary(contentSubtype),
            .WaitCancel = grpc.bidiStream(waitCancel),
            .PollCancel = grpc.bidiStream(pollCancel),
            .Flood = grpc.serverStream(flood),
            .Sink = grpc.clientStream(sink),
            .Compress = grpc.unary(compress),
            .CompressEach = grpc.bidiStream(compressEach),
        },
    }, .{});
}
