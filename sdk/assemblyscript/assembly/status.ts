/** The status codes of gRPC: https://grpc.io/docs/guides/status-codes. */
export enum Code {
  Ok = 0,
  Cancelled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
}

/** The levels of the host's log. */
export enum Level { Trace = 0, Debug = 1, Info = 2, Warn = 3, Error = 4 }

/** What `Call.info` tells of a call, as docs/abi.md says. */
export enum Info {
  Path = 0,
  Authority = 1,
  Peer = 2,
  TlsPeer = 3,
  MessageEncoding = 4,
  HttpMethod = 5,
  EndReason = 6,
  TlsNames = 7,
  ContentSubtype = 8,
  TokenSubject = 9,
  TokenClaims = 10,
}

/** What `Call.limit` tells; sizes in bytes, times in nanoseconds. */
export enum Limit { Request = 32, Response = 33, Metadata = 34, Memory = 35, CpuTime = 36 }
