//! helloworld.Greeter (../greeter/helloworld.proto) in Zig.

const std = @import("std");
const grpc = @import("wasm_grpc");

pub const panic = grpc.panic;

const HelloRequest = struct {
    name: []const u8 = "",

    pub const proto = .{ .name = 1 };
    pub const name_in_proto = "helloworld.HelloRequest";
};

const HelloReply = struct {
    message: []const u8 = "",

    pub const proto = .{ .message = 1 };
};

fn sayHello(call: *grpc.Call, request: HelloRequest) !HelloReply {
    return .{ .message = try std.mem.concat(call.arena, u8, &.{ "Hello ", request.name }) };
}

fn sayHelloStreamReply(call: *grpc.Call, request: HelloRequest, out: *grpc.Out(HelloReply)) !void {
    for ([_][]const u8{ "Hello ", "Nice to see you, ", "Take care, " }) |greeting| {
        try out.send(.{ .message = try std.mem.concat(call.arena, u8, &.{ greeting, request.name }) });
    }
}

comptime {
    grpc.serve(.{
        .@"helloworld.Greeter" = .{
            .SayHello = grpc.unary(sayHello),
            .SayHelloStreamReply = grpc.serverStream(sayHelloStreamReply),
        },
    }, .{ .descriptors = @embedFile("descriptors") });
}
