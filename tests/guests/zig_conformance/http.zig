//! What ../http.cc serves, in Zig: plain HTTP beside a gRPC method.

const std = @import("std");
const grpc = @import("wasm_grpc");
const Call = grpc.Call;
const Request = grpc.HttpRequest;
const Response = grpc.HttpResponse;

pub const panic = grpc.panic;

fn echo(_: *Call, request: []const u8) ![]const u8 {
    return request;
}

fn page(call: *Call, request: *Request, response: *Response) !void {
    return response.reply(200, "text/plain", call.print("the page {s}", .{try request.target()}));
}

/// Comes back piece by piece, with what was said of it.
fn echoBody(_: *Call, request: *Request, response: *Response) !void {
    try response.addHeader("request-method", try request.method());
    try response.addHeader("content-type", try request.header("content-type") orelse "text/plain");
    while (try request.read()) |piece| try response.write(piece);
}

fn limited(_: *Call, request: *Request, response: *Response) !void {
    const body = try request.readAll(10) orelse return response.reply(413, "text/plain", "at most 10 bytes");
    return response.reply(200, "text/plain", body);
}

fn fail(call: *Call, _: *Request, _: *Response) !void {
    return call.fail(.permission_denied, "not for you");
}

fn spin(_: *Call, _: *Request, _: *Response) !void {
    var turns: u64 = 0;
    while (true) {
        turns += 1;
        std.mem.doNotOptimizeAway(turns);
    }
}

/// "/bytes?N": so many.
fn bytes(call: *Call, request: *Request, response: *Response) !void {
    const body = try call.arena.alloc(u8, std.fmt.parseInt(usize, try request.query(), 10) catch 0);
    @memset(body, 'x');
    return response.write(body);
}

fn trap(_: *Call, _: *Request, _: *Response) !void {
    @trap();
}

fn trapLate(_: *Call, _: *Request, response: *Response) !void {
    try response.write("part");
    @trap();
}

comptime {
    grpc.serve(.{ .@"test.Http" = .{ .Echo = grpc.unary(echo) } }, .{ .http = &.{
        .{ "/", grpc.http(page) },
        .{ "/echo", grpc.http(echoBody) },
        .{ "/limited", grpc.http(limited) },
        .{ "/fail", grpc.http(fail) },
        .{ "/spin", grpc.http(spin) },
        .{ "/bytes", grpc.http(bytes) },
        .{ "/trap", grpc.http(trap) },
        .{ "/trap-late", grpc.http(trapLate) },
    } });
}
