//! Offers the module "wasm_grpc", and addGuest() to the build.zig of a project.

const std = @import("std");

pub fn build(b: *std.Build) void {
    _ = b.addModule("wasm_grpc", .{ .root_source_file = b.path("src/wasm_grpc.zig") });
}

pub const GuestOptions = struct {
    name: []const u8,
    root_source_file: std.Build.LazyPath,
    optimize: std.builtin.OptimizeMode = .ReleaseSmall,
    /// In bytes. Zig's own default, 16 MiB, is an instance's memory before it has done anything.
    stack_size: u64 = 128 * 1024,
};

/// The descriptors of a .proto, and of what it imports, become the guest's @embedFile("descriptors"), for serve(). It needs
/// protoc.
pub fn addDescriptors(b: *std.Build, guest: *std.Build.Step.Compile, proto: std.Build.LazyPath) void {
    addDescriptorsFrom(b, guest, proto.dirname(), proto);
}

/// The same of a .proto by its name in a folder, which has what it imports, too.
pub fn addDescriptorsOf(b: *std.Build, guest: *std.Build.Step.Compile, folder: std.Build.LazyPath, name: []const u8) void {
    addDescriptorsFrom(b, guest, folder, folder.path(b, name));
}

fn addDescriptorsFrom(b: *std.Build, guest: *std.Build.Step.Compile, folder: std.Build.LazyPath, proto: std.Build.LazyPath) void {
    const protoc = b.addSystemCommand(&.{ "protoc", "--include_imports" });
    protoc.addPrefixedDirectoryArg("-I", folder);
    const descriptors = protoc.addPrefixedOutputFileArg("--descriptor_set_out=", "descriptors");
    protoc.addFileArg(proto);
    guest.root_module.addAnonymousImport("descriptors", .{ .root_source_file = descriptors });
}

/// Builds the guest `name`.wasm of a project: a module without an entry point, whose functions the host calls. The project
/// has this package as its dependency "wasm_grpc".
pub fn addGuest(b: *std.Build, options: GuestOptions) *std.Build.Step.Compile {
    const sdk = b.dependency("wasm_grpc", .{});
    const guest = b.addExecutable(.{
        .name = options.name,
        .root_module = b.createModule(.{
            .root_source_file = options.root_source_file,
            .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .wasi }),
            .optimize = options.optimize,
            .imports = &.{.{ .name = "wasm_grpc", .module = sdk.module("wasm_grpc") }},
        }),
    });
    guest.entry = .disabled;
    guest.rdynamic = true;
    guest.stack_size = options.stack_size;
    b.installArtifact(guest);
    return guest;
}
