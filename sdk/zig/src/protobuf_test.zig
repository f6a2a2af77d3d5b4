//! `zig test src/protobuf_test.zig`

const std = @import("std");
const protobuf = @import("protobuf.zig");

const Colour = enum(i32) { red = 0, green = 1, _ };

const Every = struct {
    int32: i32 = 0,
    int64: i64 = 0,
    uint32: u32 = 0,
    uint64: u64 = 0,
    sint32: i32 = 0,
    sint64: i64 = 0,
    truth: bool = false,
    fixed32: u32 = 0,
    sfixed64: i64 = 0,
    single: f32 = 0,
    double: f64 = 0,
    text: []const u8 = "",
    data: []const u8 = "",
    inner: ?Inner = null,
    colour: Colour = .red,
    maybe: ?u32 = null,
    numbers: []const i32 = &.{},
    texts: []const []const u8 = &.{},
    inners: []const Inner = &.{},

    pub const proto = .{
        .int32 = 1,
        .int64 = 2,
        .uint32 = 3,
        .uint64 = 4,
        .sint32 = .{ 5, .sint32 },
        .sint64 = .{ 6, .sint64 },
        .truth = 7,
        .fixed32 = .{ 8, .fixed32 },
        .sfixed64 = .{ 9, .sfixed64 },
        .single = 10,
        .double = 11,
        .text = 12,
        .data = .{ 13, .bytes },
        .inner = 14,
        .colour = 15,
        .maybe = 16,
        .numbers = 17,
        .texts = 18,
        .inners = 19,
    };
};

const Inner = struct {
    number: u32 = 0,
    deeper: []const Inner = &.{},
    pub const proto = .{ .number = 1, .deeper = 2 };
};

/// As the text of a message in hexadecimal digits, with what encoding gives again.
fn expectRoundTrip(comptime hex: []const u8) !void {
    try expectRewritten(hex, hex);
}

fn expectRewritten(comptime from: []const u8, comptime to: []const u8) !void {
    var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer arena.deinit();
    const message = try protobuf.decode(Every, comptime &bytesOf(from), arena.allocator());
    const size = protobuf.encodedSize(Every, &message);
    const written = try arena.allocator().alloc(u8, size);
    try std.testing.expectEqual(0, protobuf.encode(Every, &message, written).len);
    try std.testing.expectEqualSlices(u8, comptime &bytesOf(to), written);
}

fn bytesOf(comptime hex: []const u8) [digits(hex) / 2]u8 {
    @setEvalBranchQuota(100_000);
    var bytes: [digits(hex) / 2]u8 = undefined;
    var at: usize = 0;
    for (hex) |c| {
        if (c == ' ') continue;
        const digit = std.fmt.charToDigit(c, 16) catch unreachable;
        if (at % 2 == 0) bytes[at / 2] = digit << 4 else bytes[at / 2] |= digit;
        at += 1;
    }
    return bytes;
}

fn digits(comptime hex: []const u8) usize {
    return hex.len - std.mem.count(u8, hex, " ");
}

test "each kind of field is read and written" {
    try expectRoundTrip("08 ffffffffffffffffff01");
    try expectRoundTrip("10 80808080808080808001");
    try expectRoundTrip("18 ffffffff0f");
    try expectRoundTrip("20 ffffffffffffffffff01");
    try expectRoundTrip("28 ffffffff0f");
    try expectRoundTrip("30 03");
    try expectRoundTrip("38 01");
    try expectRoundTrip("45 01020304");
    try expectRoundTrip("49 0102030405060708");
    try expectRoundTrip("55 0000c03f");
    try expectRoundTrip("59 00000000000000c0");
    try expectRoundTrip("62 04 f09fa680");
    try expectRoundTrip("6a 03 00ff80");
    try expectRoundTrip("72 02 0801");
    try expectRoundTrip("78 07"); // an enum value that nobody knows
    try expectRoundTrip("80 01 00"); // an optional field that is 0
    try expectRoundTrip("8a 01 03 01 96 01"); // packed
    try expectRoundTrip("92 01 01 61 92 01 00"); // texts, one of them empty
    try expectRoundTrip("9a 01 06 08 01 12 02 08 02 9a 01 00"); // messages in messages in lists
    try expectRoundTrip("59 0000000000000080"); // -0 is not 0
}

test "fields that are 0 are left out" {
    try expectRewritten("08 00 38 00 45 00000000 62 00 6a 00 8a 01 00", "");
}

test "an empty message in a field is there" {
    try expectRoundTrip("72 00");
}

test "lists are read packed or not, and both" {
    try expectRewritten("88 01 01 8a 01 02 02 03 88 01 04", "8a 01 04 01 02 03 04");
}

test "of a field that comes twice the last one holds, and messages are merged" {
    try expectRewritten("18 01 18 02", "18 02");
    try expectRewritten("72 02 08 01 72 04 12 02 08 05 72 02 12 00", "72 08 08 01 12 02 08 05 12 00");
}

test "fields that nobody knows, and of another type, are passed over" {
    try expectRewritten("f8 02 05 fa 02 02 0809 fd 02 00000000 f9 02 0000000000000000 0a 01 00 38 01", "38 01");
}

test "what is no message is found out" {
    inline for (.{
        "08",       "08 80",    "62 05 61",     "45 0000",                       "49 00",         "00 00",
        "0b 0c",    "0f",       "62 01 ff",     "62 03 eda080",                  "72 02 0880",    "8a 01 01 80",
        "92 01 01", "9a 01 ff", "62 ffffffff0f", "6a ffffffffffffffffff01",      "ffffffffff01 00", "92 01 01 ff",
    }) |hex| {
        var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
        defer arena.deinit();
        try std.testing.expectError(error.Malformed, protobuf.decode(Every, comptime &bytesOf(hex), arena.allocator()));
    }
}

test "messages in messages without end are found out" {
    var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer arena.deinit();
    var message: []const u8 = "";
    for (0..150) |_| {
        var next: std.ArrayList(u8) = .empty;
        try next.append(arena.allocator(), 2 << 3 | 2);
        if (message.len >= 0x80) try next.append(arena.allocator(), @as(u8, @truncate(message.len)) | 0x80);
        try next.append(arena.allocator(), @intCast(if (message.len >= 0x80) message.len >> 7 else message.len));
        try next.appendSlice(arena.allocator(), message);
        message = next.items;
    }
    try std.testing.expectError(error.Malformed, protobuf.decode(Inner, message, arena.allocator()));
}

test "any bytes at all are a message or are not" {
    var random = std.Random.DefaultPrng.init(1);
    var bytes: [64]u8 = undefined;
    for (0..20_000) |_| {
        var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
        defer arena.deinit();
        const some = bytes[0..random.random().uintLessThan(usize, bytes.len)];
        random.random().bytes(some);
        // Tags of fields that there are, more often than chance has them.
        for (some) |*byte| if (random.random().boolean()) {
            byte.* &= 0x9f;
        };
        const message = protobuf.decode(Every, some, arena.allocator()) catch continue;
        const written = try arena.allocator().alloc(u8, protobuf.encodedSize(Every, &message));
        try std.testing.expectEqual(0, protobuf.encode(Every, &message, written).len);
        _ = try protobuf.decode(Every, written, arena.allocator());
    }
}
