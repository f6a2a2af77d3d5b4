/// The status codes of gRPC: https://grpc.io/docs/guides/status-codes. Others can be sent, and arrive as unknown.
pub const Code = enum(i32) {
    ok = 0,
    cancelled = 1,
    unknown = 2,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    already_exists = 6,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    aborted = 10,
    out_of_range = 11,
    unimplemented = 12,
    internal = 13,
    unavailable = 14,
    data_loss = 15,
    unauthenticated = 16,
    _,
};

/// The levels of the host's log.
pub const Level = enum(i32) { trace = 0, debug = 1, info = 2, warn = 3, err = 4 };

/// How many messages a method has each way; `http` is what serves requests that are not gRPC.
pub const Kind = enum(i32) { unary = 0, client_stream = 1, server_stream = 2, bidi_stream = 3, http = 4 };

/// Texts that the host tells of a call; docs/abi.md says what they are.
pub const Info = enum(i32) {
    path = 0,
    authority = 1,
    peer = 2,
    tls_peer = 3,
    message_encoding = 4,
    http_method = 5,
    end_reason = 6,
    tls_names = 7,
    content_subtype = 8,
    token_subject = 9,
    token_claims = 10,
};

/// Limits in force: sizes in bytes, times in nanoseconds.
pub const Limit = enum(i32) { request = 32, response = 33, metadata = 34, memory = 35, cpu_time = 36, event_time = 37 };
