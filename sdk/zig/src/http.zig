//! Requests that are not gRPC: docs/http.md.

const std = @import("std");
const abi = @import("abi.zig");
const call_ = @import("call.zig");
const service = @import("service.zig");
const Call = call_.Call;
const Gone = call_.Gone;

/// The most that is given to the host at once, so that a client that reads slowly holds the rest up here.
const largest_piece = 64 * 1024;

/// A request, whose body comes in pieces.
pub const HttpRequest = struct {
    call: *Call,
    in: service.In([]const u8),

    /// GET, POST and so on.
    pub fn method(self: *HttpRequest) error{OutOfMemory}![]const u8 {
        return try self.call.info(.http_method) orelse "";
    }

    /// `/path?query`, as the client sent it.
    pub fn target(self: *HttpRequest) error{OutOfMemory}![]const u8 {
        return try self.call.info(.path) orelse "";
    }

    /// What of the target is before the question mark; nothing of it is decoded.
    pub fn path(self: *HttpRequest) error{OutOfMemory}![]const u8 {
        var parts = std.mem.splitScalar(u8, try self.target(), '?');
        return parts.first();
    }

    /// What is behind it; empty where there is none.
    pub fn query(self: *HttpRequest) error{OutOfMemory}![]const u8 {
        var parts = std.mem.splitScalar(u8, try self.target(), '?');
        _ = parts.first();
        return parts.rest();
    }

    /// The first field of this name, in lower case.
    pub fn header(self: *HttpRequest, name: []const u8) error{OutOfMemory}!?[]const u8 {
        return self.call.metadata(name);
    }

    /// What comes of the body next, 16 KiB at most; null after its end. It is valid until the next. Waits until something
    /// has come.
    pub fn read(self: *HttpRequest) !?[]const u8 {
        return self.in.next();
    }

    /// The whole body, in the call's arena; null when it is more than `most` bytes.
    pub fn readAll(self: *HttpRequest, most: usize) !?[]const u8 {
        var all: std.ArrayList(u8) = .empty;
        while (try self.read()) |piece| {
            if (all.items.len + piece.len > most) return null;
            try all.appendSlice(self.call.arena, piece);
        }
        return all.items;
    }
};

/// The answer: its status is 200 unless another is given.
pub const HttpResponse = struct {
    call: *Call,

    /// 200 to 599, before anything is written; others are refused.
    pub fn setStatus(self: *HttpResponse, status: u16) error{Refused}!void {
        const set = abi.http_status(self.call.id, status);
        if (set != abi.ok and set != abi.cancelled) return error.Refused;
    }

    /// Adds a header field, before anything is written. Those that frame the body, such as content-length, are refused.
    pub fn addHeader(self: *HttpResponse, name: []const u8, value: []const u8) error{Refused}!void {
        return self.call.addHeader(name, value);
    }

    /// Sends a piece of the body, of any size. Waits while the client is slow. Nothing is sent to a HEAD request.
    pub fn write(self: *HttpResponse, body: []const u8) Gone!void {
        var rest = body;
        while (rest.len > 0) {
            const piece = rest[0..@min(rest.len, largest_piece)];
            try self.call.send(piece);
            rest = rest[piece.len..];
        }
    }

    /// Answers all at once.
    pub fn reply(self: *HttpResponse, status: u16, content_type: []const u8, body: []const u8) !void {
        try self.setStatus(status);
        try self.addHeader("content-type", content_type);
        try self.write(body);
    }
};

/// Serves requests that are not gRPC: fn (*Call, *HttpRequest, *HttpResponse) !void. It is given to `serve` with the prefix of
/// the paths it serves. An error before anything is written is answered by the HTTP status that fits it; later it breaks the
/// answer off.
pub fn http(comptime handler: anytype) service.Method {
    return .{ .kind = .http, .serve = .{ .handler = &struct {
        fn serve(call: *Call) anyerror!void {
            var request: HttpRequest = .{ .call = call, .in = .{ .call = call, .memory = .init(call_.gpa) } };
            defer request.in.memory.deinit();
            var response: HttpResponse = .{ .call = call };
            return handler(call, &request, &response);
        }
    }.serve } };
}
