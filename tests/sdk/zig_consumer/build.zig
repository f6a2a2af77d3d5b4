const std = @import("std");
const wasm_grpc = @import("wasm_grpc");

pub fn build(b: *std.Build) void {
    _ = wasm_grpc.addGuest(b, .{ .name = "hello", .root_source_file = b.path("main.zig") });
}
