//! Writes gRPC services that wasm-grpc serves, in Zig: docs/guest-zig.md.

const std = @import("std");
const call = @import("call.zig");
const service = @import("service.zig");
const status = @import("status.zig");

pub const Call = call.Call;
pub const Gone = call.Gone;
pub const Metadata = call.Metadata;
pub const gpa = call.gpa;

pub const Code = status.Code;
pub const Info = status.Info;
pub const Kind = status.Kind;
pub const Level = status.Level;
pub const Limit = status.Limit;

pub const In = service.In;
pub const Out = service.Out;
pub const Method = service.Method;
pub const Options = service.Options;
pub const unary = service.unary;
pub const clientStream = service.clientStream;
pub const serverStream = service.serverStream;
pub const bidiStream = service.bidiStream;
pub const events = @import("events.zig").events;
pub const http = @import("http.zig").http;
pub const HttpRequest = @import("http.zig").HttpRequest;
pub const HttpResponse = @import("http.zig").HttpResponse;
pub const serve = service.serve;
pub const setServing = service.setServing;
pub const Counter = @import("shared.zig").Counter;
pub const kv = @import("shared.zig").kv;
pub const protobuf = @import("protobuf.zig");
pub const error_details = @import("error_details.zig");

/// Writes a line to the host's log. Of a call `Call.log` tells more.
pub const log = call.writeLog;

/// For the root file: `pub const panic = grpc.panic;` has panics say in the host's log what they were, before they trap.
pub const panic = std.debug.FullPanic(struct {
    fn panic(message: []const u8, _: ?usize) noreturn {
        call.writeLog(.err, message);
        @trap();
    }
}.panic);

/// For the root file: `pub const std_options: std.Options = .{ .logFn = grpc.logFn };` has std.log write to the host's log.
pub fn logFn(
    comptime level: std.log.Level,
    comptime scope: @TypeOf(.enum_literal),
    comptime format: []const u8,
    arguments: anytype,
) void {
    var line: [1024]u8 = undefined;
    const prefix = if (scope == .default) "" else "(" ++ @tagName(scope) ++ ") ";
    const text = std.fmt.bufPrint(&line, prefix ++ format, arguments) catch &line; // what does not fit is cut off
    call.writeLog(switch (level) {
        .debug => .debug,
        .info => .info,
        .warn => .warn,
        .err => .err,
    }, text);
}
