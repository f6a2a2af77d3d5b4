const std = @import("std");
const grpc = @import("wasm_grpc");

pub const panic = grpc.panic;
pub const std_options: std.Options = .{ .logFn = grpc.logFn };

fn say(call: *grpc.Call, request: []const u8) ![]const u8 {
    if (request.len == 0) return call.fail(.invalid_argument, "say something");
    return std.mem.concat(call.arena, u8, &.{ "you said ", request });
}

comptime {
    grpc.serve(.{ .@"hello.Hello" = .{ .Say = grpc.unary(say) } }, .{});
}
