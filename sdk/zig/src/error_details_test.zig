//! `zig test --dep every -Mroot=src/error_details_test.zig -Mevery=../../tests/sdk/error_details/every.hex`

const std = @import("std");
const details = @import("error_details.zig");

/// All of them, as Google's implementation encodes them; in hexadecimal digits.
const every = @embedFile("every");

test "details are encoded as Google does" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const made = try details.encoded(arena.allocator(), 3, "no such date", .{
        details.ErrorInfo{
            .reason = "PAST",
            .domain = "api.test",
            .metadata = &.{ .{ .key = "day", .value = "Monday" }, .{ .key = "year", .value = "2026" } },
        },
        details.RetryInfo{ .retry_delay = .fromNanoseconds(1_500 * std.time.ns_per_ms) },
        details.DebugInfo{ .stack_entries = &.{ "main", "" }, .detail = "größer" },
        details.QuotaFailure{ .violations = &.{.{ .subject = "user:ada", .description = "of today" }} },
        details.PreconditionFailure{ .violations = &.{
            .{ .type = "TOS", .subject = "api.test", .description = "not accepted" },
            .{ .type = "AGE" },
        } },
        details.BadRequest{ .field_violations = &.{
            .{ .field = "date", .description = "is in the past", .reason = "PAST" },
            .{ .field = "time", .description = "is missing" },
        } },
        details.RequestInfo{ .request_id = "r-7", .serving_data = "s" },
        details.ResourceInfo{
            .resource_type = "book",
            .resource_name = "b-1",
            .owner = "ada",
            .description = "is lent",
        },
        details.Help{ .links = &.{.{ .description = "dates", .url = "https://api.test/dates" }} },
        details.LocalizedMessage{ .locale = "de", .message = "kein solcher Tag" },
    });
    var digits: std.ArrayList(u8) = .empty;
    for (every) |digit| if (digit != '\n') try digits.append(arena.allocator(), digit);
    const expected = try arena.allocator().alloc(u8, digits.items.len / 2);
    try std.testing.expectEqualSlices(u8, try std.fmt.hexToBytes(expected, digits.items), made);
}

test "a status without details is one all the same" {
    const made = try details.encoded(std.testing.allocator, 5, "no", .{});
    defer std.testing.allocator.free(made);
    try std.testing.expectEqualSlices(u8, "\x08\x05\x12\x02no", made);
}

test "a time before 0 has one sign" {
    const time: details.Duration = .fromNanoseconds(-1_500_000_000);
    try std.testing.expectEqual(-1, time.seconds);
    try std.testing.expectEqual(-500_000_000, time.nanos);
    const longest: details.Duration = .fromNanoseconds(std.math.minInt(i64));
    try std.testing.expectEqual(-9_223_372_036, longest.seconds);
}

test "what there is no memory for is said" {
    const made = details.encoded(std.testing.failing_allocator, 5, "no", .{details.Help{}});
    try std.testing.expectError(error.OutOfMemory, made);
}
