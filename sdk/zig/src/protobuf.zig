//! Protobuf by the types of Zig: a message is a struct that says the numbers of its fields.
//!
//!     const Person = struct {
//!         name: []const u8 = "",
//!         age: u32 = 0,
//!         friends: []const Person = &.{},
//!         pub const proto = .{ .name = 1, .age = 2, .friends = 3 };
//!     };
//!
//! Which protobuf type a field has, its type says:
//!
//!     bool; i32, i64, u32, u64 (int32 and so on); f32, f64; []const u8 (string); enum(i32), not exhaustive
//!     a struct of this kind (a message; ?T where it matters whether it is there), ?T of the others (optional)
//!     []const T of all of these (repeated; read packed or not, written packed where protobuf does)
//!
//! and for others a pair says it: `.data = .{ 4, .bytes }`, and .sint32, .sint64, .fixed32, .fixed64, .sfixed32, .sfixed64.
//! Every field has a default, that of proto3. The encoding: https://protobuf.dev/programming-guides/encoding.

const std = @import("std");

pub const DecodeError = error{ Malformed, OutOfMemory };

const most_levels = 100; // of messages in messages, as in other implementations

const Coding = enum { default, string, bytes, sint32, sint64, fixed32, fixed64, sfixed32, sfixed64 };
const Wire = enum(u3) { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// What `T.proto` says of a field.
fn numberOf(comptime T: type, comptime name: []const u8) u29 {
    if (!@hasField(@TypeOf(T.proto), name)) @compileError(@typeName(T) ++ ".proto does not say the number of " ++ name);
    const said = @field(T.proto, name);
    return if (@TypeOf(said) == comptime_int) said else said[0];
}

fn codingOf(comptime T: type, comptime name: []const u8) Coding {
    const said = @field(T.proto, name);
    return if (@TypeOf(said) == comptime_int) .default else said[1];
}

fn isList(comptime F: type) bool {
    return F != []const u8 and @typeInfo(F) == .pointer;
}

fn wireOf(comptime F: type, comptime coding: Coding) Wire {
    return switch (coding) {
        .fixed32, .sfixed32 => .fixed32,
        .fixed64, .sfixed64 => .fixed64,
        .sint32, .sint64 => .varint,
        .string, .bytes => .bytes,
        .default => switch (@typeInfo(F)) {
            .float => if (F == f32) .fixed32 else .fixed64,
            .bool, .int, .@"enum" => .varint,
            .@"struct" => .bytes,
            .pointer => if (F == []const u8) .bytes else @compileError("no field of protobuf is a " ++ @typeName(F)),
            else => @compileError("no field of protobuf is a " ++ @typeName(F)),
        },
    };
}

// ---- Decoding ----

/// A message of the bytes. Texts and bytes in it are those of `bytes`; lists are allocated, and not freed when it fails: give it
/// an arena.
pub fn decode(comptime T: type, bytes: []const u8, arena: std.mem.Allocator) DecodeError!T {
    var message: T = .{};
    try decodeInto(T, &message, bytes, arena, 0);
    return message;
}

const Cursor = struct {
    bytes: []const u8,

    fn varint(self: *Cursor) DecodeError!u64 {
        var value: u64 = 0;
        for (self.bytes[0..@min(10, self.bytes.len)], 0..) |byte, i| {
            if (i < 9) {
                value |= @as(u64, byte & 0x7f) << @intCast(7 * i);
            } else {
                value |= @as(u64, byte & 1) << 63;
            }
            if (byte < 0x80) {
                self.bytes = self.bytes[i + 1 ..];
                return value;
            }
        }
        return error.Malformed;
    }

    fn take(self: *Cursor, length: u64) DecodeError![]const u8 {
        if (length > self.bytes.len) return error.Malformed;
        const taken = self.bytes[0..@intCast(length)];
        self.bytes = self.bytes[@intCast(length)..];
        return taken;
    }

    fn int(self: *Cursor, comptime I: type) DecodeError!I {
        return std.mem.readInt(I, (try self.take(@sizeOf(I)))[0..@sizeOf(I)], .little);
    }

    fn skip(self: *Cursor, wire: u3) DecodeError!void {
        switch (wire) {
            0 => _ = try self.varint(),
            1 => _ = try self.take(8),
            2 => _ = try self.take(try self.varint()),
            5 => _ = try self.take(4),
            else => return error.Malformed, // groups, which no .proto of today has
        }
    }
};

fn decodeInto(comptime T: type, message: *T, bytes: []const u8, arena: std.mem.Allocator, level: u32) DecodeError!void {
    if (level == most_levels) return error.Malformed;
    const fields = @typeInfo(T).@"struct".fields;
    try makeRoom(T, message, bytes, arena);
    var filled: [fields.len]usize = @splat(0);
    inline for (fields, 0..) |field, i| {
        // What a list had before, when a message comes in two parts, stays at its front.
        if (comptime isList(field.type)) filled[i] = @field(message, field.name).len - lengthOf(T, field.name, bytes);
    }
    var cursor: Cursor = .{ .bytes = bytes };
    while (cursor.bytes.len > 0) {
        const tag = try readTag(&cursor);
        const known = inline for (fields, 0..) |field, i| {
            if (tag.number == comptime numberOf(T, field.name)) {
                const to = &@field(message, field.name);
                const coding = comptime codingOf(T, field.name);
                if (comptime isList(field.type)) {
                    const E = @typeInfo(field.type).pointer.child;
                    const list: []E = @constCast(to.*);
                    const wire = comptime wireOf(E, coding);
                    if (tag.wire == @intFromEnum(wire)) {
                        list[filled[i]] = if (comptime @typeInfo(E) == .@"struct") .{} else undefined;
                        try decodeValue(E, coding, &list[filled[i]], &cursor, arena, level);
                        filled[i] += 1;
                        break true;
                    } else if (wire != .bytes and tag.wire == @intFromEnum(Wire.bytes)) {
                        var pack: Cursor = .{ .bytes = try cursor.take(try cursor.varint()) };
                        while (pack.bytes.len > 0) : (filled[i] += 1) try decodeValue(E, coding, &list[filled[i]], &pack, arena, level);
                        break true;
                    }
                } else if (comptime @typeInfo(field.type) == .optional) {
                    const E = @typeInfo(field.type).optional.child;
                    if (tag.wire == @intFromEnum(comptime wireOf(E, coding))) {
                        if (to.* == null) to.* = if (comptime @typeInfo(E) == .@"struct") .{} else undefined;
                        try decodeValue(E, coding, &to.*.?, &cursor, arena, level);
                        break true;
                    }
                } else if (tag.wire == @intFromEnum(comptime wireOf(field.type, coding))) {
                    try decodeValue(field.type, coding, to, &cursor, arena, level);
                    break true;
                }
            }
        } else false;
        if (!known) try cursor.skip(tag.wire);
    }
}

const Tag = struct { number: u29, wire: u3 };

fn readTag(cursor: *Cursor) DecodeError!Tag {
    const read = try cursor.varint();
    if (read > std.math.maxInt(u32) or read >> 3 == 0) return error.Malformed;
    return .{ .number = @intCast(read >> 3), .wire = @intCast(read & 7) };
}

/// How many elements the bytes have of a list; what is malformed ends the count, and is found when it is read.
fn lengthOf(comptime T: type, comptime name: []const u8, bytes: []const u8) usize {
    const E = @typeInfo(@FieldType(T, name)).pointer.child;
    const wire = comptime wireOf(E, codingOf(T, name));
    var count: usize = 0;
    var cursor: Cursor = .{ .bytes = bytes };
    while (cursor.bytes.len > 0) {
        const tag = readTag(&cursor) catch return count;
        if (tag.number == comptime numberOf(T, name)) {
            if (tag.wire == @intFromEnum(wire)) {
                count += 1;
            } else if (wire != .bytes and tag.wire == @intFromEnum(Wire.bytes)) {
                const size = cursor.varint() catch return count;
                var pack: Cursor = .{ .bytes = cursor.take(size) catch return count };
                while (pack.bytes.len > 0) {
                    count += 1; // also one that is cut off: it is begun to be read
                    pack.skip(@intFromEnum(wire)) catch return count;
                }
                continue;
            }
        }
        cursor.skip(tag.wire) catch return count;
    }
    return count;
}

fn makeRoom(comptime T: type, message: *T, bytes: []const u8, arena: std.mem.Allocator) DecodeError!void {
    inline for (@typeInfo(T).@"struct".fields) |field| {
        if (comptime isList(field.type)) {
            const more = lengthOf(T, field.name, bytes);
            if (more > 0) {
                const old = @field(message, field.name);
                const list = try arena.alloc(@typeInfo(field.type).pointer.child, old.len + more);
                @memcpy(list[0..old.len], old);
                @field(message, field.name) = list;
            }
        }
    }
}

fn decodeValue(comptime F: type, comptime coding: Coding, to: *F, cursor: *Cursor, arena: std.mem.Allocator, level: u32) DecodeError!void {
    switch (coding) {
        .fixed32, .fixed64, .sfixed32, .sfixed64 => to.* = try cursor.int(F),
        .sint32, .sint64 => {
            const U = std.meta.Int(.unsigned, @bitSizeOf(F));
            const n: U = @truncate(try cursor.varint());
            to.* = @bitCast((n >> 1) ^ (0 -% (n & 1)));
        },
        .bytes => to.* = try cursor.take(try cursor.varint()),
        .string => {
            to.* = try cursor.take(try cursor.varint());
            if (!std.unicode.utf8ValidateSlice(to.*)) return error.Malformed;
        },
        .default => switch (@typeInfo(F)) {
            .bool => to.* = try cursor.varint() != 0,
            .int => |int| {
                const n: std.meta.Int(.unsigned, int.bits) = @truncate(try cursor.varint());
                to.* = @bitCast(n);
            },
            .@"enum" => to.* = @enumFromInt(@as(i32, @bitCast(@as(u32, @truncate(try cursor.varint()))))),
            .float => to.* = @bitCast(try cursor.int(std.meta.Int(.unsigned, @bitSizeOf(F)))),
            .pointer => try decodeValue(F, .string, to, cursor, arena, level),
            .@"struct" => try decodeInto(F, to, try cursor.take(try cursor.varint()), arena, level + 1),
            else => unreachable, // wireOf() did not compile
        },
    }
}

// ---- Encoding ----

/// How many bytes the message takes.
pub fn encodedSize(comptime T: type, message: *const T) usize {
    var size: usize = 0;
    inline for (@typeInfo(T).@"struct".fields) |field| {
        const coding = comptime codingOf(T, field.name);
        const key = comptime varintSize(@as(u64, numberOf(T, field.name)) << 3);
        const value = &@field(message, field.name);
        if (comptime isList(field.type)) {
            const E = @typeInfo(field.type).pointer.child;
            if (comptime wireOf(E, coding) == .bytes) {
                for (value.*) |*element| size += key + valueSize(E, coding, element);
            } else if (value.len > 0) {
                const inside = packedSize(E, coding, value.*);
                size += key + varintSize(inside) + inside;
            }
        } else if (comptime @typeInfo(field.type) == .optional) {
            if (value.*) |*there| size += key + valueSize(@typeInfo(field.type).optional.child, coding, there);
        } else if (!isZero(field.type, value)) {
            size += key + valueSize(field.type, coding, value);
        }
    }
    return size;
}

/// Writes it to the front of `to`, which has room for `encodedSize()`; returns the rest.
pub fn encode(comptime T: type, message: *const T, to: []u8) []u8 {
    var rest = to;
    inline for (@typeInfo(T).@"struct".fields) |field| {
        const number = comptime numberOf(T, field.name);
        const coding = comptime codingOf(T, field.name);
        const value = &@field(message, field.name);
        if (comptime isList(field.type)) {
            const E = @typeInfo(field.type).pointer.child;
            if (comptime wireOf(E, coding) == .bytes) {
                for (value.*) |*element| rest = writeValue(E, coding, element, writeKey(number, .bytes, rest));
            } else if (value.len > 0) {
                rest = writeVarint(packedSize(E, coding, value.*), writeKey(number, .bytes, rest));
                for (value.*) |*element| rest = writeValue(E, coding, element, rest);
            }
        } else if (comptime @typeInfo(field.type) == .optional) {
            const E = @typeInfo(field.type).optional.child;
            if (value.*) |*there| rest = writeValue(E, coding, there, writeKey(number, comptime wireOf(E, coding), rest));
        } else if (!isZero(field.type, value)) {
            rest = writeValue(field.type, coding, value, writeKey(number, comptime wireOf(field.type, coding), rest));
        }
    }
    return rest;
}

fn isZero(comptime F: type, value: *const F) bool {
    return switch (@typeInfo(F)) {
        .bool => !value.*,
        .int => value.* == 0,
        .@"enum" => @intFromEnum(value.*) == 0,
        .float => @as(std.meta.Int(.unsigned, @bitSizeOf(F)), @bitCast(value.*)) == 0, // -0 is written
        .pointer => value.len == 0,
        .@"struct" => encodedSize(F, value) == 0, // one that has to be there though empty is a ?T
        else => unreachable,
    };
}

fn packedSize(comptime E: type, comptime coding: Coding, list: []const E) usize {
    var size: usize = 0;
    for (list) |*element| size += valueSize(E, coding, element);
    return size;
}

fn varintOf(comptime F: type, comptime coding: Coding, value: *const F) u64 {
    return switch (@typeInfo(F)) {
        .bool => @intFromBool(value.*),
        .@"enum" => @bitCast(@as(i64, @intFromEnum(value.*))),
        .int => |int| if (coding == .sint32 or coding == .sint64)
            @as(std.meta.Int(.unsigned, int.bits), @bitCast((value.* << 1) ^ (value.* >> (int.bits - 1))))
        else if (int.signedness == .signed)
            @bitCast(@as(i64, value.*))
        else
            value.*,
        else => unreachable,
    };
}

fn valueSize(comptime F: type, comptime coding: Coding, value: *const F) usize {
    switch (comptime wireOf(F, coding)) {
        .fixed32 => return 4,
        .fixed64 => return 8,
        .varint => return varintSize(varintOf(F, coding, value)),
        .bytes => {
            const size = if (F == []const u8) value.len else encodedSize(F, value);
            return varintSize(size) + size;
        },
    }
}

fn writeValue(comptime F: type, comptime coding: Coding, value: *const F, to: []u8) []u8 {
    switch (comptime wireOf(F, coding)) {
        .fixed32 => std.mem.writeInt(u32, to[0..4], @bitCast(value.*), .little),
        .fixed64 => std.mem.writeInt(u64, to[0..8], @bitCast(value.*), .little),
        .varint => return writeVarint(varintOf(F, coding, value), to),
        .bytes => {
            if (F == []const u8) {
                const rest = writeVarint(value.len, to);
                @memcpy(rest[0..value.len], value.*);
                return rest[value.len..];
            }
            return encode(F, value, writeVarint(encodedSize(F, value), to));
        },
    }
    return to[if (comptime wireOf(F, coding) == .fixed32) 4 else 8..];
}

fn varintSize(value: u64) usize {
    return (70 - @as(usize, @clz(value | 1))) / 7;
}

fn writeVarint(value: u64, to: []u8) []u8 {
    var left = value;
    var at: usize = 0;
    while (left >= 0x80) : (left >>= 7) {
        to[at] = @as(u8, @truncate(left)) | 0x80;
        at += 1;
    }
    to[at] = @intCast(left);
    return to[at + 1 ..];
}

fn writeKey(number: u29, wire: Wire, to: []u8) []u8 {
    return writeVarint(@as(u64, number) << 3 | @intFromEnum(wire), to);
}
