//! Methods in event style: one instance serves many calls, each of which is a struct with a function for each event.

const std = @import("std");
const call_ = @import("call.zig");
const service = @import("service.zig");
const status = @import("status.zig");
const Call = call_.Call;

pub const Event = enum(i32) { open = 0, message = 1, half_close = 2, writable = 3, timer = 4, cancelled = 5 };

/// A method of this kind, whose calls are of type `State`: all its fields have defaults, and it has those of these functions
/// that it needs, each `fn (*State, *Call) !void`:
///
///     open        the call has begun; of unary and server-streaming methods the request is there
///     message     messages have come: take() until it says .again or .end
///     halfClose   the client has sent its last message
///     writable    there is room again, after give() said .again
///     timer       the time of setTimer() has come
///     cancelled   the call has ended for the client; nothing follows
///
/// The call ends by call.finish(), or by an error that a function returns: `return call.fail(...)`. Then, and after
/// `cancelled`, the state's `deinit`, fn (*State) void, is called if it has one. The call's arena is freed after each event;
/// what a state keeps it allocates by wasm_grpc.gpa.
pub fn events(comptime kind: status.Kind, comptime State: type) service.Method {
    const Served = struct {
        var states: std.AutoHashMapUnmanaged(i32, *State) = .empty;
        var arena: call_.Arena = .{};

        fn on(id: i32, event: Event) void {
            defer arena.clear();
            var call: Call = .{ .id = id, .arena = arena.inner.allocator() };
            if (event == .open) {
                const state = make(id) catch |failure| {
                    _ = call.end(failure);
                    forget(id);
                    return;
                };
                state.* = .{};
            }
            const state = states.get(id) orelse return;
            const result: anyerror!void = switch (event) {
                .open => tellState(state, &call, "open"),
                .message => tellState(state, &call, "message"),
                .half_close => tellState(state, &call, "halfClose"),
                .writable => tellState(state, &call, "writable"),
                .timer => tellState(state, &call, "timer"),
                .cancelled => tellState(state, &call, "cancelled"),
            };
            if (result) |_| {} else |failure| if (failure != error.Cancelled) {
                _ = call.end(failure);
            }
            if (event == .cancelled or call.over) drop(id, state);
        }

        fn make(id: i32) !*State {
            const state = try call_.gpa.create(State);
            errdefer call_.gpa.destroy(state);
            try states.put(call_.gpa, id, state);
            return state;
        }

        fn drop(id: i32, state: *State) void {
            if (@hasDecl(State, "deinit")) state.deinit();
            _ = states.remove(id);
            call_.gpa.destroy(state);
            forget(id);
        }

        fn tellState(state: *State, call: *Call, comptime name: []const u8) anyerror!void {
            if (@hasDecl(State, name)) return @field(State, name)(state, call);
        }
    };
    return .{ .kind = kind, .serve = .{ .events = &Served.on } };
}

// Which method a call is of.
var methods: std.AutoHashMapUnmanaged(i32, *const fn (i32, Event) void) = .empty;

fn forget(id: i32) void {
    _ = methods.remove(id);
}

/// For the SDK: a call has begun.
pub fn open(id: i32, method: *const fn (i32, Event) void) void {
    methods.put(call_.gpa, id, method) catch |failure| {
        var call: Call = .{ .id = id, .arena = call_.gpa };
        _ = call.end(failure);
        return;
    };
    method(id, .open);
}

/// For the SDK: another event of it.
pub fn tell(id: i32, event: Event) void {
    if (methods.get(id)) |method| method(id, event);
}
