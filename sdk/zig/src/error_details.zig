//! The usual details of a status: the messages of google/rpc/error_details.proto, which clients in all languages know.
//!
//!     return call.failWithDetails(.invalid_argument, "no such date", .{
//!         details.BadRequest{ .field_violations = &.{.{ .field = "date", .description = "is in the past" }} },
//!     });
//!
//! Any other message with a `name_in_proto` does as well.

const std = @import("std");
const protobuf = @import("protobuf.zig");

/// Why it failed, for programs: `reason` is of capital letters, digits and '_', within `domain`, such as "api.test".
pub const ErrorInfo = struct {
    reason: []const u8 = "",
    domain: []const u8 = "",
    metadata: []const Entry = &.{},

    /// A key is there once.
    pub const Entry = struct {
        key: []const u8 = "",
        value: []const u8 = "",
        pub const proto = .{ .key = 1, .value = 2 };
    };
    pub const proto = .{ .reason = 1, .domain = 2, .metadata = 3 };
    pub const name_in_proto = "google.rpc.ErrorInfo";
};

/// A time, of one sign in both.
pub const Duration = struct {
    seconds: i64 = 0,
    nanos: i32 = 0,

    pub fn fromNanoseconds(time: i64) Duration {
        return .{ .seconds = @divTrunc(time, std.time.ns_per_s), .nanos = @intCast(@rem(time, std.time.ns_per_s)) };
    }

    pub const proto = .{ .seconds = 1, .nanos = 2 };
    pub const name_in_proto = "google.protobuf.Duration";
};

/// When the client may try again.
pub const RetryInfo = struct {
    retry_delay: ?Duration = null,
    pub const proto = .{ .retry_delay = 1 };
    pub const name_in_proto = "google.rpc.RetryInfo";
};

/// Where it failed. Not for clients of strangers.
pub const DebugInfo = struct {
    stack_entries: []const []const u8 = &.{},
    detail: []const u8 = "",
    pub const proto = .{ .stack_entries = 1, .detail = 2 };
    pub const name_in_proto = "google.rpc.DebugInfo";
};

/// Which quotas were used up.
pub const QuotaFailure = struct {
    violations: []const Violation = &.{},

    pub const Violation = struct {
        subject: []const u8 = "",
        description: []const u8 = "",
        pub const proto = .{ .subject = 1, .description = 2 };
    };
    pub const proto = .{ .violations = 1 };
    pub const name_in_proto = "google.rpc.QuotaFailure";
};

/// What was not as it must be first.
pub const PreconditionFailure = struct {
    violations: []const Violation = &.{},

    pub const Violation = struct {
        type: []const u8 = "",
        subject: []const u8 = "",
        description: []const u8 = "",
        pub const proto = .{ .type = 1, .subject = 2, .description = 3 };
    };
    pub const proto = .{ .violations = 1 };
    pub const name_in_proto = "google.rpc.PreconditionFailure";
};

/// What is wrong with the request: `field` is a path, such as "order.items[2].count".
pub const BadRequest = struct {
    field_violations: []const FieldViolation = &.{},

    pub const FieldViolation = struct {
        field: []const u8 = "",
        description: []const u8 = "",
        reason: []const u8 = "",
        pub const proto = .{ .field = 1, .description = 2, .reason = 3 };
    };
    pub const proto = .{ .field_violations = 1 };
    pub const name_in_proto = "google.rpc.BadRequest";
};

/// By what the server knows the request, for reports.
pub const RequestInfo = struct {
    request_id: []const u8 = "",
    serving_data: []const u8 = "",
    pub const proto = .{ .request_id = 1, .serving_data = 2 };
    pub const name_in_proto = "google.rpc.RequestInfo";
};

/// What was asked for.
pub const ResourceInfo = struct {
    resource_type: []const u8 = "",
    resource_name: []const u8 = "",
    owner: []const u8 = "",
    description: []const u8 = "",
    pub const proto = .{ .resource_type = 1, .resource_name = 2, .owner = 3, .description = 4 };
    pub const name_in_proto = "google.rpc.ResourceInfo";
};

/// Where to read more.
pub const Help = struct {
    links: []const Link = &.{},

    pub const Link = struct {
        description: []const u8 = "",
        url: []const u8 = "",
        pub const proto = .{ .description = 1, .url = 2 };
    };
    pub const proto = .{ .links = 1 };
    pub const name_in_proto = "google.rpc.Help";
};

/// A text for the user, in `locale`, such as "en-US".
pub const LocalizedMessage = struct {
    locale: []const u8 = "",
    message: []const u8 = "",
    pub const proto = .{ .locale = 1, .message = 2 };
    pub const name_in_proto = "google.rpc.LocalizedMessage";
};

const Any = struct {
    type_url: []const u8 = "",
    value: []const u8 = "",
    pub const proto = .{ .type_url = 1, .value = .{ 2, .bytes } };
};

const Status = struct {
    code: i32 = 0,
    message: []const u8 = "",
    details: []const Any = &.{},
    pub const proto = .{ .code = 1, .message = 2, .details = 3 };
};

/// A serialized google.rpc.Status with these details, a tuple of messages, in the arena, where parts of it are left too.
pub fn encoded(arena: std.mem.Allocator, code: i32, text: []const u8, details: anytype) error{OutOfMemory}![]const u8 {
    var packed_details: [details.len]Any = undefined;
    inline for (details, &packed_details) |detail, *any| {
        const T = @TypeOf(detail);
        if (!@hasDecl(T, "name_in_proto")) @compileError(@typeName(T) ++ " has no name_in_proto, which a detail needs");
        any.* = .{ .type_url = "type.googleapis.com/" ++ T.name_in_proto, .value = try bytesOf(T, detail, arena) };
    }
    return bytesOf(Status, .{ .code = code, .message = text, .details = &packed_details }, arena);
}

fn bytesOf(comptime T: type, message: T, arena: std.mem.Allocator) error{OutOfMemory}![]const u8 {
    const bytes = try arena.alloc(u8, protobuf.encodedSize(T, &message));
    _ = protobuf.encode(T, &message, bytes);
    return bytes;
}
