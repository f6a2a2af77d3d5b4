//! Methods in handler style, and the table of all that a module serves, made while it is compiled.

const std = @import("std");
const abi = @import("abi.zig");
const call_ = @import("call.zig");
const events_ = @import("events.zig");
const protobuf = @import("protobuf.zig");
const Call = call_.Call;
const Kind = @import("status.zig").Kind;

/// A method of a service: what unary() and the like make of a handler.
pub const Method = struct {
    kind: Kind,
    serve: union(enum) {
        handler: *const fn (*Call) anyerror!void,
        events: *const fn (id: i32, event: events_.Event) void,
    },
};

pub const Options = struct {
    /// A serialized google.protobuf.FileDescriptorSet, for reflection: @embedFile() of what protoc --include_imports
    /// --descriptor_set_out writes.
    descriptors: []const u8 = "",
    /// Which instance the calls in event style meet.
    placement: union(enum) { worker, process, key: []const u8 } = .worker,
    /// What serves requests that are not gRPC, each with the prefix of its paths: "/" gets all, "/files" gets /files and
    /// /files/a. The longest that fits serves a request. Made by http(), or by events() of the kind .http.
    http: []const struct { []const u8, Method } = &.{},
    /// Is called in each new instance, before its first call.
    start: ?*const fn () void = null,
};

/// Reads messages of the client. `T` is []const u8, or a struct of protobuf.
pub fn In(comptime T: type) type {
    return struct {
        call: *Call,
        memory: std.heap.ArenaAllocator,

        /// The next message, or null after the last one; it is valid until the next. Waits until there is one.
        pub fn next(self: *@This()) !?T {
            _ = self.memory.reset(.retain_capacity);
            const bytes = try self.call.receive(self.memory.allocator()) orelse return null;
            return try decoded(T, self.call, bytes, self.memory.allocator());
        }
    };
}

/// Sends messages to the client. `T` is []const u8, or a struct of protobuf.
pub fn Out(comptime T: type) type {
    return struct {
        call: *Call,
        buffer: std.ArrayList(u8) = .empty,

        /// Waits while the client is slow.
        pub fn send(self: *@This(), message: T) !void {
            if (T == []const u8) return self.call.send(message);
            try self.buffer.resize(call_.gpa, protobuf.encodedSize(T, &message));
            _ = protobuf.encode(T, &message, self.buffer.items);
            return self.call.send(self.buffer.items);
        }
    };
}

/// Answers one message by one: fn (*Call, Request) !Reply.
pub fn unary(comptime handler: anytype) Method {
    const Request = ParameterOf(handler, 1);
    const Reply = ResultOf(handler);
    return .{ .kind = .unary, .serve = .{ .handler = &struct {
        fn serve(call: *Call) anyerror!void {
            return reply(Reply, call, try handler(call, try request(Request, call)));
        }
    }.serve } };
}

/// Answers many messages by one: fn (*Call, *In(Request)) !Reply.
pub fn clientStream(comptime handler: anytype) Method {
    const Reply = ResultOf(handler);
    return .{ .kind = .client_stream, .serve = .{ .handler = &struct {
        fn serve(call: *Call) anyerror!void {
            var in: @typeInfo(ParameterOf(handler, 1)).pointer.child = .{ .call = call, .memory = .init(call_.gpa) };
            defer in.memory.deinit();
            return reply(Reply, call, try handler(call, &in));
        }
    }.serve } };
}

/// Answers one message by many: fn (*Call, Request, *Out(Reply)) !void.
pub fn serverStream(comptime handler: anytype) Method {
    const Request = ParameterOf(handler, 1);
    return .{ .kind = .server_stream, .serve = .{ .handler = &struct {
        fn serve(call: *Call) anyerror!void {
            var out: @typeInfo(ParameterOf(handler, 2)).pointer.child = .{ .call = call };
            defer out.buffer.deinit(call_.gpa);
            return handler(call, try request(Request, call), &out);
        }
    }.serve } };
}

/// Takes and sends messages in any order: fn (*Call, *In(Request), *Out(Reply)) !void.
pub fn bidiStream(comptime handler: anytype) Method {
    return .{ .kind = .bidi_stream, .serve = .{ .handler = &struct {
        fn serve(call: *Call) anyerror!void {
            var in: @typeInfo(ParameterOf(handler, 1)).pointer.child = .{ .call = call, .memory = .init(call_.gpa) };
            defer in.memory.deinit();
            var out: @typeInfo(ParameterOf(handler, 2)).pointer.child = .{ .call = call };
            defer out.buffer.deinit(call_.gpa);
            return handler(call, &in, &out);
        }
    }.serve } };
}

fn ParameterOf(comptime handler: anytype, comptime index: usize) type {
    return @typeInfo(@TypeOf(handler)).@"fn".params[index].type.?;
}

fn ResultOf(comptime handler: anytype) type {
    const Returned = @typeInfo(@TypeOf(handler)).@"fn".return_type.?;
    return if (@typeInfo(Returned) == .error_union) @typeInfo(Returned).error_union.payload else Returned;
}

fn request(comptime T: type, call: *Call) anyerror!T {
    const bytes = try call.receive(call.arena) orelse return error.Cancelled;
    return decoded(T, call, bytes, call.arena);
}

fn decoded(comptime T: type, call: *Call, bytes: []u8, arena: std.mem.Allocator) !T {
    if (T == []const u8) return bytes;
    return protobuf.decode(T, bytes, arena) catch |failure| switch (failure) {
        error.OutOfMemory => error.OutOfMemory,
        // As other implementations of gRPC answer it.
        error.Malformed => call.fail(.internal, "the request is not a " ++ comptime nameOf(T)),
    };
}

/// What a message is called: its `name_in_proto`, or the struct's name.
fn nameOf(comptime T: type) []const u8 {
    return if (@hasDecl(T, "name_in_proto")) T.name_in_proto else @typeName(T);
}

fn reply(comptime T: type, call: *Call, message: T) anyerror!void {
    var out: Out(T) = .{ .call = call };
    defer out.buffer.deinit(call_.gpa);
    return out.send(message);
}

/// Serves these services: exports what the host calls. Once in a module, in a `comptime` block of the root file:
///
///     comptime {
///         grpc.serve(.{ .@"helloworld.Greeter" = .{ .SayHello = grpc.unary(sayHello) } }, .{});
///     }
pub fn serve(comptime services: anytype, comptime options: Options) void {
    const Table = struct {
        const Entry = struct { path: []const u8, method: Method };
        const entries = made: {
            var list: []const Entry = &.{};
            for (@typeInfo(@TypeOf(services)).@"struct".fields) |service| {
                const methods = @field(services, service.name);
                for (@typeInfo(@TypeOf(methods)).@"struct".fields) |method| {
                    list = list ++ .{Entry{ .path = "/" ++ service.name ++ "/" ++ method.name, .method = @field(methods, method.name) }};
                }
            }
            for (options.http) |route| list = list ++ .{Entry{ .path = route[0], .method = route[1] }};
            break :made list[0..list.len].*;
        };
        const has_events = has: {
            for (entries) |entry| if (entry.method.serve == .events) break :has true;
            break :has false;
        };
        var arena: call_.Arena = .{};

        fn start() callconv(.c) void {
            for (&entries, 0..) |*entry, tag| {
                const style: i32 = if (entry.method.serve == .events) abi.event_style else abi.handler_style;
                _ = abi.method(entry.path.ptr, entry.path.len, @intFromEnum(entry.method.kind), style, @intCast(tag));
            }
            if (options.descriptors.len > 0) _ = abi.descriptors(options.descriptors.ptr, options.descriptors.len);
            switch (options.placement) {
                .worker => {},
                .process => _ = abi.placement(1, "", 0),
                .key => |key| _ = abi.placement(2, key.ptr, key.len),
            }
            if (options.start) |begin| begin();
        }

        fn call(id: i32, tag: i32) callconv(.c) i32 {
            defer arena.clear();
            var served: Call = .{ .id = id, .arena = arena.inner.allocator() };
            switch (entries[@intCast(tag)].method.serve) {
                .handler => |handler| return served.end(handler(&served)),
                .events => unreachable, // they are declared to be
            }
        }

        fn event(id: i32, number: i32, value: i32) callconv(.c) void {
            if (number == @intFromEnum(events_.Event.open)) {
                events_.open(id, entries[@intCast(value)].method.serve.events);
            } else if (std.enums.fromInt(events_.Event, number)) |known| {
                events_.tell(id, known);
            }
        }
    };
    @export(&Table.start, .{ .name = "wasm_grpc_start" });
    @export(&Table.call, .{ .name = "wasm_grpc_call" });
    if (Table.has_events) @export(&Table.event, .{ .name = "wasm_grpc_event" });
}

/// Whether package.Service is fit to serve, for health checks. False when the module has no such service.
pub fn setServing(service: []const u8, serving: bool) bool {
    return abi.health_set(service.ptr, service.len, @intFromBool(serving)) == abi.ok;
}
