//! What the tests ask of the details of statuses.

const std = @import("std");
const grpc = @import("wasm_grpc");

pub const panic = grpc.panic;

const details = grpc.error_details;

fn book(call: *grpc.Call, request: []const u8) ![]const u8 {
    if (std.mem.eql(u8, request, "yesterday")) {
        return call.failWithDetails(.invalid_argument, "no such date", .{
            details.BadRequest{ .field_violations = &.{.{ .field = "date", .description = "is in the past" }} },
            details.RetryInfo{ .retry_delay = .fromNanoseconds(std.time.ns_per_s) },
        });
    }
    return "booked";
}

/// Fails with a detail as long as asked.
fn long(call: *grpc.Call, request: []const u8) ![]const u8 {
    const text = try call.arena.alloc(u8, try std.fmt.parseInt(u32, request, 10));
    @memset(text, 'x');
    return call.failWithDetails(.internal, "long", .{details.DebugInfo{ .detail = text }});
}

comptime {
    grpc.serve(.{ .@"test.Details" = .{ .Book = grpc.unary(book), .Long = grpc.unary(long) } }, .{});
}
