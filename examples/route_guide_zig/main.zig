//! routeguide.RouteGuide (../route_guide/route_guide.proto) in Zig: all four kinds of method.

const std = @import("std");
const grpc = @import("wasm_grpc");
const places = @import("places.zig").places;

pub const panic = grpc.panic;

const Point = struct {
    latitude: i32 = 0,
    longitude: i32 = 0,

    pub const proto = .{ .latitude = 1, .longitude = 2 };
    pub const name_in_proto = "routeguide.Point";
};

const Rectangle = struct {
    lo: Point = .{},
    hi: Point = .{},

    pub const proto = .{ .lo = 1, .hi = 2 };
    pub const name_in_proto = "routeguide.Rectangle";
};

const Feature = struct {
    name: []const u8 = "",
    location: ?Point = null,

    pub const proto = .{ .name = 1, .location = 2 };
};

const RouteNote = struct {
    location: ?Point = null,
    message: []const u8 = "",

    pub const proto = .{ .location = 1, .message = 2 };
    pub const name_in_proto = "routeguide.RouteNote";
};

const RouteSummary = struct {
    point_count: i32 = 0,
    feature_count: i32 = 0,
    distance: i32 = 0,
    elapsed_time: i32 = 0,

    pub const proto = .{ .point_count = 1, .feature_count = 2, .distance = 3, .elapsed_time = 4 };
};

// What one chat may make us keep. A guest's memory is limited, and the client decides how long it talks.
const max_notes = 10_000;
const max_note_bytes = 4 << 20;

fn nameAt(point: Point) ?[]const u8 {
    for (places) |place| {
        if (place.latitude == point.latitude and place.longitude == point.longitude) return place.name;
    }
    return null;
}

fn getFeature(_: *grpc.Call, point: Point) !Feature {
    return .{ .name = nameAt(point) orelse "", .location = point };
}

fn listFeatures(_: *grpc.Call, area: Rectangle, out: *grpc.Out(Feature)) !void {
    for (places) |place| {
        const point: Point = .{ .latitude = place.latitude, .longitude = place.longitude };
        if (isBetween(area.lo.latitude, point.latitude, area.hi.latitude) and
            isBetween(area.lo.longitude, point.longitude, area.hi.longitude))
        {
            try out.send(.{ .name = place.name, .location = point });
        }
    }
}

fn isBetween(one: i32, value: i32, other: i32) bool {
    return @min(one, other) <= value and value <= @max(one, other);
}

fn recordRoute(_: *grpc.Call, in: *grpc.In(Point)) !RouteSummary {
    const begin = now();
    var summary: RouteSummary = .{};
    var metres: f64 = 0;
    var last: Point = .{};
    while (try in.next()) |point| {
        if (summary.point_count > 0) metres += distance(last, point);
        if (nameAt(point) != null) summary.feature_count += 1;
        summary.point_count += 1;
        last = point;
    }
    summary.distance = std.math.lossyCast(i32, @round(metres));
    summary.elapsed_time = std.math.lossyCast(i32, (now() - begin) / std.time.ns_per_s);
    return summary;
}

fn routeChat(call: *grpc.Call, in: *grpc.In(RouteNote), out: *grpc.Out(RouteNote)) !void {
    var notes: std.AutoHashMapUnmanaged(Point, std.ArrayList([]const u8)) = .empty;
    var count: usize = 0;
    var bytes: usize = 0;
    while (try in.next()) |note| {
        const point = note.location orelse Point{};
        const there = try notes.getOrPutValue(call.arena, point, .empty);
        for (there.value_ptr.items) |earlier| try out.send(.{ .location = point, .message = earlier });
        count += 1;
        bytes += note.message.len;
        if (count > max_notes or bytes > max_note_bytes) {
            return call.fail(.resource_exhausted, "too many notes: at most 10000 in a chat, and 4 MiB of text");
        }
        // The note is valid until the next.
        try there.value_ptr.append(call.arena, try call.arena.dupe(u8, note.message));
    }
}

fn now() u64 {
    var nanoseconds: std.os.wasi.timestamp_t = 0;
    _ = std.os.wasi.clock_time_get(.MONOTONIC, 1, &nanoseconds);
    return nanoseconds;
}

/// In metres on the great circle between two points (haversine formula; mean radius of the earth, 6371 km).
fn distance(from: Point, to: Point) f64 {
    const a = square(@sin((radians(to.latitude) - radians(from.latitude)) / 2)) +
        @cos(radians(from.latitude)) * @cos(radians(to.latitude)) *
            square(@sin((radians(to.longitude) - radians(from.longitude)) / 2));
    return 6_371_000 * 2 * std.math.atan2(@sqrt(a), @sqrt(@max(0, 1 - a)));
}

fn radians(coordinate: i32) f64 {
    return @as(f64, @floatFromInt(coordinate)) / 1e7 * std.math.rad_per_deg;
}

fn square(value: f64) f64 {
    return value * value;
}

comptime {
    grpc.serve(.{
        .@"routeguide.RouteGuide" = .{
            .GetFeature = grpc.unary(getFeature),
            .ListFeatures = grpc.serverStream(listFeatures),
            .RecordRoute = grpc.clientStream(recordRoute),
            .RouteChat = grpc.bidiStream(routeChat),
        },
    }, .{ .descriptors = @embedFile("descriptors") });
}
